"""Storms: guests are started and ended faster than they get anywhere, and killed in the middle of whatever they do."""
import random
import re

from harness import check, run
from session import Terminal

ROUNDS = 8
# None of these ends by itself; what they are in the middle of is paging, printing, drawing, ticks, or nothing.
ENDLESS = ("pebbles", "tumble", "keys", "loop")
PLAN = [f"{ENDLESS[number % 4]} timeout={1 + number * 37 % 90}ms expect=timeout" for number in range(200)]


def plan():
    """Two hundred autoruns, all together and one after another, are cut off anywhere: no verdict fails, no leak."""
    words = [word for spec in PLAN for word in ("--autorun", spec)]
    for name, flags in (("together", ["--together"]), ("apart", [])):
        boot = run("--mem", 2048, *flags, *words)
        verdicts = re.findall(r"^ok \d+ - \w+ # timeout", boot.out, re.MULTILINE)
        yield check(f"plan.{name}", boot.status == 0 and len(verdicts) == len(PLAN), boot)
        yield check(f"plan.{name}.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def free_frames(terminal):
    """What the monitor says is free, with what it keeps itself for more and more rows that scrolled off."""
    figures = r"\nfree +\d+ KiB +(\d+) frames(?:.*\n)*of that +(\d+) KiB +the monitor's own"
    terminal.type("clear\rmem\r")
    if not terminal.wait(figures, 60):
        return None
    free, own_kib = re.search(figures, "\n".join(terminal.screen.display)).groups()
    return int(free) + int(own_kib) // 4


def storm(terminal, first):
    """Start, restart and kill guests by lines typed ahead, some by the prefix key; the last one's number, or None."""
    number = first
    for _ in range(ROUNDS):
        lines = []
        for name in random.sample(ENDLESS, len(ENDLESS)):
            lines.append(f"run {name} &")
            if random.random() < 0.5:
                lines += [f"restart {number}", f"kill {number}"]
                number += 1
            lines.append(f"kill {number}")
            number += 1
        terminal.type("clear\r" + "\r".join(lines) + "\rrun pebbles\r")
        if not terminal.wait(rf" {number} pebbles +running", 60):
            return None
        terminal.type("\x1dk")                 # in view: killed by the prefix key, in the middle of its boot
        if not terminal.wait(rf"\n{number} pebbles: killed in", 60):
            return None
        number += 1
    return number - 1


def monitor():
    """A hundred guests are started and killed by what is typed ahead; the second storm leaves what the first left."""
    random.seed(11)
    terminal = Terminal("--mem", "512")
    try:
        yield check("monitor.prompt", terminal.wait(r"cobble> *\n", 120))
        last = storm(terminal, 1)
        yield check("monitor.all_killed", last is not None and last >= ROUNDS * len(ENDLESS))
        before = free_frames(terminal)
        last = storm(terminal, (last or 0) + 1)
        yield check("monitor.killed_again", last is not None)
        yield check("monitor.no_leak", before is not None and free_frames(terminal) == before)
        terminal.type("poweroff\r")
    finally:
        status = terminal.close()
    yield check("monitor.poweroff", status == 0)


def tests():
    """Name and function of each test."""
    for function in (plan, monitor):
        yield f"storm.{function.__name__}", function
