"""Guests at once: registers by turns, two systems, one of twelve killed, two hundred idle ones; long plans."""
import re
import time

from harness import Result, check, run
from lib import build
from session import Terminal

SUITE = r'pebbles timeout=300s clock=run type="suite\nhalt $?\n"'
GUESTS = 12             # event_nested: forty ticks, each inside the one before, and the arithmetic of its stack
VICTIM = 6
GUEST_FRAMES = (64 + 96) // 4       # docs/performance.md: 64 KiB and 16 bytes a frame of 24 MiB
HYPERVISOR_FRAMES = 64              # of its own since boot
MANY = 200              # small idle guests: 4.7 GiB of RAM promised in a machine of 2 GiB
VERDICTS = (["hello"] * 47 + ["loop expect=timeout", "crash.de expect=crash", "console expect=77"]) * 4
LONG_PLAN = 600         # autoruns: more than the image has room for
VERDICT_MS = 60         # a guest needs one or two of its own; all of them together need hundreds
IDLE = build.DIRECTORY / "tests" / "bench" / "bench_memory"


def two_systems():
    """Two pebbles in one machine run their whole test suites, and leave nothing behind."""
    boot = run("--together", "--autorun", SUITE, "--autorun", SUITE)
    for number in (1, 2):
        yield check(f"two_systems.{number}", f"\nok {number} - pebbles # exit 0" in boot.out, boot)
    yield check("two_systems.status_and_no_leak", boot.status == 0 and "\n# leaked frames: 0\n" in boot.out, boot)


def turns():
    """Three busy guests take each other's turns away some hundred times: registers and flags stay."""
    boot = run("--together", *["--autorun", "turns timeout=60s"] * 3)
    ends = len(re.findall(r"^ok \d+ - turns # exit 0", boot.out, re.MULTILINE))
    yield check("turns.registers_stay", boot.status == 0 and ends == 3, boot)


def screen_ends(terminal):
    """Numbers and ends of the guests that the monitor has told of on this screen."""
    return dict(re.findall(r"^(\d+) \w+: (killed|exit \d+) in", "\n".join(terminal.screen.display), re.MULTILINE))


def wait_for_ends(terminal, count, limit=120):
    """The ends, when there are so many."""
    end = time.monotonic() + limit
    while len(screen_ends(terminal)) < count and time.monotonic() < end and terminal.read(0.2):
        pass
    return screen_ends(terminal)


def kill_one():
    """Twelve guests in the background, all ticking; one is killed, and no other notices.

    Each runs until its fortieth tick, 400 ms; what is typed is there long before.
    """
    terminal = Terminal("--mem", "512")
    try:
        yield check("kill_one.prompt", terminal.wait(r"cobble> *\n", 120))
        terminal.type("run event_nested &\r" * GUESTS + f"clear\rps\rkill {VICTIM}\r")
        yield check("kill_one.twelve_run", terminal.wait(rf"\n *{GUESTS} +event_nested .*\n", 120))
        killed = terminal.wait(rf"\n{VICTIM} event_nested: killed in", 60)
        yield check("kill_one.killed_first", killed and screen_ends(terminal) == {str(VICTIM): "killed"})
        wanted = {str(number): "killed" if number == VICTIM else "exit 0" for number in range(1, GUESTS + 1)}
        ends = wait_for_ends(terminal, GUESTS)
        yield Result("kill_one.others_are_unharmed", ends == wanted, "\n".join(terminal.screen.display))
        terminal.type("poweroff\r")
    finally:
        status = terminal.close()
    yield check("kill_one.poweroff", status == 0)


def many():
    """Two hundred small guests at once: each costs what it touched, each prints before the first one ends."""
    boot = run("--together", "--mem", 2048, "--guest", IDLE, *["--autorun", f"{IDLE.name} timeout=60s"] * MANY)
    verdicts = re.findall(rf"^ok \d+ - {IDLE.name} # exit 0 in (\d+) ms", boot.out, re.MULTILINE)
    frames = re.findall(rf"^# {IDLE.name}\| @ frames (\d+) (\d+) (\d+)$", boot.out, re.MULTILINE)
    yield check("many.all_run", boot.status == 0 and len(verdicts) == MANY, boot)
    yield check("many.all_print", len(frames) == MANY, boot)
    used = max((int(total) - int(free) for total, free, _ in frames), default=0)
    allowed = HYPERVISOR_FRAMES + MANY * (GUEST_FRAMES + max((int(pages) for *_, pages in frames), default=0))
    yield check("many.memory", 0 < used <= allowed, boot)
    yield check("many.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def read_verdicts(boot):
    """Each verdict without its milliseconds."""
    return re.findall(r"^((?:not )?ok \d+ - \S+(?: # (?:exit \S+|crash|timeout))?)", boot.out, re.MULTILINE)


def verdicts():
    """Two hundred guests together come out as they do one after another, though most wait beyond their timeout=."""
    apart = [f"{spec} timeout={'300ms' if 'loop' in spec else '10s'}" for spec in VERDICTS]
    together = [f"{spec} timeout={VERDICT_MS}ms" for spec in VERDICTS]
    apart = run("--mem", 2048, *[word for spec in apart for word in ("--autorun", spec)])
    together = run("--mem", 2048, "--together", *[word for spec in together for word in ("--autorun", spec)])
    times = re.findall(r"^ok \d+ - \S+ # \w+ \S+ in (\d+) ms", together.out, re.MULTILINE)
    yield check("verdicts.apart", apart.status == 0 and len(read_verdicts(apart)) == len(VERDICTS), apart)
    yield check("verdicts.together_are_the_same", read_verdicts(together) == read_verdicts(apart), together)
    yield check("verdicts.some_waited_longer", sum(int(ms) > VERDICT_MS for ms in times) > 20, together)


def long_plan():
    """Six hundred guests in one plan, each with a status of its own."""
    specs = [("magic", "exit 0"), ("exit.one expect=1", "exit 1"), ("crash.de expect=crash", "crash")]
    plan = [specs[number % 3] for number in range(LONG_PLAN)]
    boot = run("--mem", 512, *[word for spec, _ in plan for word in ("--autorun", spec)])
    wanted = [f"ok {number} - {spec.split()[0]} # {end}" for number, (spec, end) in enumerate(plan, 1)]
    yield check("long_plan.verdicts", boot.status == 0 and read_verdicts(boot) == wanted, boot)
    yield check("long_plan.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def tests():
    """Name and function of each test."""
    for function in (turns, two_systems, kill_one, many, verdicts, long_plan):
        yield f"together.{function.__name__}", function
