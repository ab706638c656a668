"""What the monitor shows of guests that run: top, trace, mem, walk; over serial, as an operator sees it."""
import re

import trace_tests
from lib import build
from session import Terminal, judge, say

VPC = build.DIRECTORY / "tests" / "vpc"
TOP_ROW = r" +{} {:15} (running|idle|idle, spins|waits) +(\d+\.\d) +(\d+\.\d) +(\d+) +(\d+) +(\d+) +(\d+) *$"


def read_top(terminal, number, name):
    """The figures in this guest's row of top: share, seconds, calls, faults, events, memory."""
    for row in terminal.screen.display:
        found = re.match(TOP_ROW.format(number, name), row)
        if found:
            return [float(word) for word in found.groups()[1:]]
    return [0.0] * 6


def top(terminal):
    """A guest that spins, one that takes ticks and calls, one that is a virtual PC; another ends meanwhile."""
    for number, line in enumerate(("run loop &", "run tumble &", "run typed.vpc engine=interp mem=16M &"), 1):
        say(terminal, line, rf"{number} \S+ runs in the background")
    say(terminal, "run mistake_hang.masked_return &", r"4 mistake_hang.masked_return runs in")
    terminal.type("top\r")
    yield judge("insight.top.shown", terminal.wait(r"4 guests, \d of them want.*\n(.*\n)+ +1 loop +running"), terminal)
    terminal.type("\x1d4\x1dk")             # the operator ends one, and looks again
    terminal.type("\x1d0")
    ended = terminal.wait(r"3 guests, \d of them want", 20)
    for _ in range(20):
        terminal.rest(1)
        rows = [read_top(terminal, number, name) for number, name in ((1, "loop"), (2, "tumble"), (3, "typed.vpc"))]
        if rows[1][2] and rows[1][4] and rows[2][5]:
            break
    yield judge("insight.top.spinning", rows[0][0] > 0 and rows[0][1] > 0 and rows[0][2] == 0, terminal)
    yield judge("insight.top.calls_and_events", rows[1][2] > 0 and rows[1][4] > 0 and rows[1][5] > 0, terminal)
    yield judge("insight.top.virtual_pc", rows[2][5] > 0, terminal)
    yield judge("insight.top.who_ended_is_not_told_yet", ended and not terminal.wait("killed in", 0.1), terminal)
    terminal.type("q")
    yield judge("insight.top.ends_by_q", terminal.wait(r"4 mistake_hang.masked_return: killed in.*\n.*cobble> *\n", 20),
                terminal)
    yield judge("insight.ps.exits_of_a_virtual_pc", say(terminal, "ps", r" 3 typed.vpc +idle +\d+ +16384 +[1-9]\d*"),
                terminal)
    for number in (1, 2, 3):
        say(terminal, f"kill {number}", rf"{number} \S+: killed in")


def traces(terminal):
    """A guest that runs is traced for a while; the newest events have names."""
    say(terminal, "run tumble &", r"5 tumble runs in the background")
    yield judge("insight.trace.not_begun", say(terminal, "trace 5", r"guest 5 is not traced; trace 5 on begins it"),
                terminal)
    terminal.type("trace 5 on\r")
    terminal.rest(1)
    newest = (r" MS +US +EVENT, .*\n(.*\n)*( +\d+\.\d{3} +\d+ k timer to its handler.*\n(.*\n)*)"
              r"5 tumble: \d+ events, the last \d+ are kept; tracing is on")
    yield judge("insight.trace.newest", say(terminal, "trace 5", newest), terminal)
    yield judge("insight.trace.names", re.search(r"hv_iret\(0x[0-9a-f]+, \.\.\.\)  0x[0-9a-f]{8} \w+\+0x",
                                                 "\n".join(terminal.screen.display)), terminal)
    terminal.type("trace 5 off\r")
    is_off = say(terminal, "trace 5", r"5 tumble: \d+ events, .*tracing is off")
    first = re.search(r"(\d+) events", "\n".join(terminal.screen.display))
    terminal.rest(1)
    said = say(terminal, "trace 5", r"5 tumble: \d+ events, .*tracing is off")
    again = re.search(r"(\d+) events", "\n".join(terminal.screen.display))
    yield judge("insight.trace.off", is_off and said and first and again and first[1] == again[1], terminal)
    say(terminal, "kill 5", r"5 tumble: killed in")
    yield judge("insight.trace.behind_the_end", say(terminal, "trace 5", r"5 tumble: \d+ events"), terminal)
    yield judge("insight.trace.not_behind_it", say(terminal, "trace 5 on", r"trace: guest 5 has ended"), terminal)


def memory(terminal):
    """Bytes and page tables of a guest with paging, of one without, and what is said of wrong words."""
    said = [say(terminal, "run tumble &", r"6 tumble runs in the background"),
            say(terminal, "run pebbles &", r"7 pebbles runs in the background")]
    terminal.rest(2)
    dump = r"\n00100000  (([0-9a-f]{2} ){8} ){2}.*\|.{16}\| *\n(.*\n)*001000f0  "
    yield judge("insight.mem.bytes", all(said) and say(terminal, "mem 6 0x100000", dump), terminal)
    yield judge("insight.mem.end_of_ram", say(terminal, "mem 6 0x17ffff8 16",
                                                 r"017ffff8  .*\nno memory at 0x01800000: paging is off"), terminal)
    both = (r"the guest's own table +what the processor goes by *\nPML4 +0x[0-9a-f]{16} P R/W U/S.*\n(.*\n)?PDPT .*\n"
            r"PDE +0x[0-9a-f]{8} P R/W.* +0x[0-9a-f]{16} P R/W.*\nPTE +0x[0-9a-f]{8} P.* +0x[0-9a-f]{16} P")
    yield judge("insight.walk.both_tables", say(terminal, "walk 7 eip", both), terminal)
    not_filled = r"not present *\n(.*\n)*PDE .* not filled"
    yield judge("insight.walk.not_filled", say(terminal, "walk 7 0xf0000000", not_filled), terminal)
    yield judge("insight.walk.paging_is_off", say(terminal, "walk 6 0x100000", r"paging is off: RAM is 0x00000000"),
                terminal)
    for name, line, wanted in (("address", "mem 6 here", r"'here' is no address; write a number up to 0xfeffffff, or"),
                               ("count", "mem 6 0 5000", r"'5000' is no count of bytes; write 1 to 1024"),
                               ("missing", "mem 6", r"an address is missing; write: mem ID ADDRESS"),
                               ("guest", "walk 99 0", r"walk: there is no guest 99; ps lists them")):
        yield judge(f"insight.mem.wrong_{name}", say(terminal, line, wanted), terminal)
    for number in (6, 7):
        say(terminal, f"kill {number}", rf"{number} \S+: killed in")


def rows_back(terminal):
    """A guest's rows that scrolled off can be looked at, on serial, too; a key to the guest ends that."""
    say(terminal, "run pebbles &", r"8 pebbles runs in the background")
    terminal.type("\x1d0console 8\r")
    terminal.wait(r"pebbles\$", 20)
    for number in range(4):
        terminal.type(f"echo row {number} follows\rhelp\r")
        terminal.wait(rf"row {number} follows", 20)
        terminal.rest(0.5)
    for _ in range(3):
        terminal.type("\x1b[5;2~")
        terminal.rest(0.3)
    yield judge("insight.rows.back", terminal.wait(r" 8 pebbles +\d+ of \d+ rows back", 20), terminal)
    yield judge("insight.rows.earlier", terminal.wait(r"row [012] follows", 20), terminal)
    terminal.type("x")
    yield judge("insight.rows.a_key_ends_it", terminal.wait(r" 8 pebbles +(running|idle)", 20), terminal)
    say(terminal, "kill 8", r"8 pebbles: killed in")


def log_lines(terminal):
    """log debug tells in the monitor what becomes of a guest; log info does not."""
    say(terminal, "log debug", r"log level debug")
    told = r"debug: guest 9 hello: joins with (.*\n)*.*debug: guest 9 hello: exit 0; ran (.*\n)*.*its memory is back"
    yield judge("insight.log.debug", say(terminal, "run hello", told), terminal)
    say(terminal, "log info", r"log level info")
    ended = say(terminal, "clear", r"cobble>") and say(terminal, "run hello", r"10 hello: exit 0 in")
    yield judge("insight.log.info", ended and not any("debug:" in row for row in terminal.screen.display), terminal)


def gives_way(terminal):
    """info and ps tell of a guest that spins where it could halt, and say nothing of the kind of one that computes."""
    say(terminal, "run clone_states.spinning &", r"11 \S+ runs in the background")
    say(terminal, "run loop &", r"12 loop runs in the background")
    told = any(say(terminal, "info 11", r"gave way [1-9]\d* times, spinning in a loop that does nothing", 2)
               for _ in range(10))
    yield judge("insight.gives_way.info", told, terminal)
    listed = any(say(terminal, "ps", r"\n +11 clone_states\S+ +idle, spins ", 2) for _ in range(10))
    yield judge("insight.gives_way.ps", listed, terminal)
    told = say(terminal, "info 12", r"(?s)12 loop: running.*counts: ")
    yield judge("insight.gives_way.who_computes_does_not",
                told and not any("gave way" in row for row in terminal.screen.display), terminal)
    for number in (11, 12):
        say(terminal, f"kill {number}", rf"{number} \S+: killed in")


def insight():
    """One boot for all of it."""
    with Terminal("--guest", str(VPC / "typed.vpc")) as terminal:
        yield judge("insight.prompt", terminal.wait("cobble>", 90), terminal)
        for part in (top, traces, memory, rows_back, log_lines, gives_way):
            yield from part(terminal)


def tests():
    """Name and function of each test."""
    yield "insight.monitor", insight
    yield from trace_tests.tests()
