"""What the monitor shows of guests that run: top; over serial, as an operator sees it."""
import re

from harness import Result
from lib import build
from session import Terminal

VPC = build.DIRECTORY / "tests" / "vpc"
TOP_ROW = r" +{} {:15} (running|idle|idle, spins|waits) +(\d+\.\d) +(\d+\.\d) +(\d+) +(\d+) +(\d+) +(\d+) *$"


def judge(name, condition, terminal):
    """A result; the screen explains a failure."""
    return Result(name, bool(condition), "" if condition else "\n".join(terminal.screen.display))


def say(terminal, line, pattern, limit=20):
    """One line for the monitor, and what it is to say."""
    terminal.type(f"\x1d0clear\r{line}\r")
    return terminal.wait(pattern, limit)


def read_top(terminal, number, name):
    """The figures in this guest's row of top: share, seconds, calls, faults, events, memory."""
    for row in terminal.screen.display:
        found = re.match(TOP_ROW.format(number, name), row)
        if found:
            return [float(word) for word in found.groups()[1:]]
    return [0.0] * 6


def top(terminal):
    """A guest that spins, one that takes ticks and calls, one that is a virtual PC; another ends meanwhile."""
    for number, line in enumerate(("run loop &", "run tumble &", "run hostile.vpc engine=interp cmdline=1 &"), 1):
        say(terminal, line, rf"{number} \S+ runs in the background")
    say(terminal, "run mistake_hang.masked_return &", r"4 mistake_hang.masked_return runs in")
    terminal.type("top\r")
    yield judge("insight.top.shown", terminal.wait(r"4 guests, \d of them want.*\n(.*\n)+ +1 loop +running"), terminal)
    terminal.type("\x1d4\x1dk")             # the operator ends one, and looks again
    terminal.type("\x1d0")
    ended = terminal.wait(r"3 guests, \d of them want", 20)
    for _ in range(20):
        terminal.rest(1)
        rows = [read_top(terminal, number, name) for number, name in ((1, "loop"), (2, "tumble"), (3, "hostile.vpc"))]
        if rows[1][2] and rows[1][4] and rows[2][2]:
            break
    yield judge("insight.top.spinning", rows[0][0] > 0 and rows[0][1] > 0 and rows[0][2] == 0, terminal)
    yield judge("insight.top.calls_and_events", rows[1][2] > 0 and rows[1][4] > 0 and rows[1][5] > 0, terminal)
    yield judge("insight.top.virtual_pc", rows[2][0] > 0 and rows[2][2] > 0, terminal)
    yield judge("insight.top.who_ended_is_not_told_yet", ended and not terminal.wait("killed in", 0.1), terminal)
    terminal.type("q")
    yield judge("insight.top.ends_by_q", terminal.wait(r"4 mistake_hang.masked_return: killed in.*\n.*cobble> *\n", 20),
                terminal)
    for number in (1, 2, 3):
        say(terminal, f"kill {number}", rf"{number} \S+: killed in")


def insight():
    """One boot for all of it."""
    with Terminal("--guest", str(VPC / "hostile.vpc")) as terminal:
        yield judge("insight.prompt", terminal.wait("cobble>", 90), terminal)
        for part in (top,):
            yield from part(terminal)


def tests():
    """Name and function of each test."""
    yield "insight.monitor", insight
