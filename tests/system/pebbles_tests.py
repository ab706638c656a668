"""Pebbles as the machine's control system: its shell runs guest kernels as it runs programs (docs/control.md)."""
import os
import re

from harness import Result, check, run
from session import Machine, judge, say
from vpc_tests import ENGINES, KERNELS

EATEN_KIB = 12 * 1024       # less than what mem_eater gets of 24 MiB
SOME_KIB = 2 * 1024         # more than what a shell takes that has run something
PCS = {"copied.vpc": "halts now", "endless.vpc": "db"}      # one waits for a key, one never gets out of exceptions
PICTURE = os.environ.get("COBBLE_CONTROL_PICTURE")      # where docs/control.png is to be written


def line():
    """The shell runs a guest kernel in the foreground, and its status is the shell's $?."""
    boot = run("--autorun", 'pebbles control=on expect=77 timeout=30s type="console\\nhalt $?\\n"')
    yield check("pebbles.line.verdict", boot.verdict("pebbles").startswith("ok "), boot)
    yield check("pebbles.line.told", "exit 77  console" in boot.out, boot)
    yield check("pebbles.line.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def ends():
    """Programs of Pebbles start every kind of guest, and judge its end; without the right there are no images."""
    boot = run("--mem", 128, "--autorun", 'pebbles control=on timeout=60s type="guest_ends\\nhalt $?\\n"',
               "--autorun", 'pebbles expect=127 timeout=30s type="console\\nhalt $?\\n"')
    yield check("pebbles.ends.verdicts", boot.status == 0, boot)
    yield check("pebbles.ends.report", re.search("guest crash.de crashed:\n.*#DE", boot.out), boot)
    yield check("pebbles.ends.refusal", "bad_magic.elf cannot be run: not an ELF" in boot.out, boot)
    yield check("pebbles.ends.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def touched(machine, number):
    """KiB of a guest's RAM that have a frame, by the monitor; the guest is in view again then."""
    say(machine, f"info {number}", "of which +[0-9]+ KiB touched", 10)
    found = re.search("of which +([0-9]+) KiB touched", "\n".join(machine.screen.display))
    machine.type(f"\x1d{number}")
    machine.wait("pebbles\\$", 10)
    return int(found.group(1)) if found else 0


def eat(machine, word):
    """A process of the guest in view takes all of its memory, twice, and ends; then the shell says the word."""
    machine.type(f"mem_eater\recho {word}\r")
    return machine.wait(rf"\n{word} ", 60)


def fell(machine, number, limit_kib):
    """What the guest has touched becomes that little, soon."""
    return any(touched(machine, number) < limit_kib or machine.rest(0.5) for _ in range(20))


def memory():
    """Frames of a process that has ended go back: when Pebbles has nothing to do, and when it is asked; without the
    right they stay. Idle is what Pebbles is then, in HLT, and so says ps."""
    with Machine("--mem", "128") as machine:
        machine.wait("cobble>", 90)
        machine.type("run pebbles\r")
        machine.wait("pebbles\\$ *\n", 60)
        ate = eat(machine, "first")
        machine.rest(3)
        kept = touched(machine, 1)
        machine.type("halt\r")
        machine.wait("1 pebbles: exit 0", 20)
        machine.type("run pebbles control\r")
        machine.wait("pebbles\\$ *\n", 60)
        few = touched(machine, 2)
        yield Result("pebbles.memory.kept_without_right", ate and kept > few + EATEN_KIB, f"{kept} KiB, {few} at first")
        yield Result("pebbles.memory.idle", eat(machine, "second") and fell(machine, 2, few + SOME_KIB),
                     "\n".join(machine.screen.display))
        idle = any(say(machine, "ps", r" 2 pebbles +idle ", 1) for _ in range(20))      # it wakes for its ticks
        yield Result("pebbles.memory.ps", idle, "\n".join(machine.screen.display))
        machine.type("\x1d2fib 47 &\r")         # never idle from here on: only who is asked gives
        machine.rest(1)
        ate = eat(machine, "third")
        machine.rest(3)
        busy = touched(machine, 2)
        machine.type("\x1d0clear\rrun paging_overcommit mem=400M &\r")
        short = machine.wait("paging_overcommit: crash", 60)
        yield Result("pebbles.memory.asked", ate and short and busy > few + EATEN_KIB and
                     fell(machine, 2, few + SOME_KIB), f"{busy} KIB\n" + "\n".join(machine.screen.display))


def shell():
    """A person at the shell: guests in the foreground and behind, one that crashes, one in another; Ctrl-C."""
    with Machine() as machine:
        yield check("pebbles.shell.monitor", machine.wait("cobble>", 90))
        machine.type("run pebbles control\r")
        yield check("pebbles.shell.prompt", machine.wait("pebbles\\$ *\n"))
        steps = (("ls\r", "images, which|and [0-9]+ images"), ("loop &\r", r"\[[0-9]+\] loop"),
                 ("jobs\r", r"running +loop"), ("exit.minus_ten\r", "exit -10  exit.minus_ten"),
                 ("crash.de\r", r"(?s)crashed: *\n.*#DE.*killed  crash.de"),
                 ("pebbles control=on\r", r"(?s)^ *pebbles\$ *\n *\n"), ("console\r", "exit 77  console"),
                 ("halt $?\r", "exit 77  pebbles"))
        for typed, shown in steps:
            machine.type(typed)
            seen = machine.wait(shown, 20)
            yield Result(f"pebbles.shell.{typed.split()[0]}", seen, "\n".join(machine.screen.display))
        if PICTURE:
            machine.rest(1)
            machine.command("screendump", filename=os.path.abspath(PICTURE), format="png")
        machine.type("loop\r")
        machine.rest(1)
        machine.type("\x1d1")           # the operator looks at Pebbles' own console: the view comes back
        machine.rest(0.5)
        machine.type("\x03")
        yield Result("pebbles.shell.interrupt", machine.wait("killed  loop", 20), "\n".join(machine.screen.display))


def lives(machine, name):
    """Has the machine a guest of this name? By its monitor."""
    say(machine, "ps", r"(?s) ID NAME.*\n *cobble> *\n", 10)
    return re.search(rf" {name} +(running|idle) ", "\n".join(machine.screen.display))


def scroll_away(machine, name):
    """To Pebbles' shell, which has no clear: what it said of a guest before is to be taken for nothing new."""
    machine.type("\x1d1" + "\r" * 25)
    for _ in range(100):
        text = "\n".join(machine.screen.display)
        if "pebbles$" in text and not re.search(rf"{name}.*\n", text):
            return
        machine.rest(0.1)


def jobs_of_one(machine, line, name):
    """A virtual PC in the background runs, until kill ends it; the machine has it no more then."""
    scroll_away(machine, name)
    machine.type(f"{line} &\r")
    if not machine.wait(rf"\[([0-9]+)\] {name}", 20):
        return False
    number = re.findall(rf"\[([0-9]+)\] {name}", "\n".join(machine.screen.display))[-1]
    # The shell calls it running from when it was asked for on, and one that is not there yet ends without a kill.
    is_there = any(lives(machine, name) for _ in range(20))
    machine.type("\x1d1jobs\r")
    runs = machine.wait(rf"\[{number}\] running +{name}", 20)
    machine.type(f"kill {number}\r")
    told = rf"\[{number}\] killed +{name}"
    if not machine.wait(told, 5):
        machine.type("\r")          # the shell tells of ends before a prompt, and this one came behind it
    return is_there and runs and machine.wait(told, 20) and any(not lives(machine, name) for _ in range(20))


def interrupted(machine, line, name):
    """One in the foreground has the view; whoever takes that back ends it by Ctrl-C, and has the shell again."""
    scroll_away(machine, name)
    machine.type(f"{line}\r")
    shown = machine.wait(rf"\n [0-9]+ {name} .*Alt", 20)
    machine.rest(1)
    machine.type("\x1d1")
    machine.rest(0.5)
    machine.type("\x03")
    ended = machine.wait(rf"killed +{name}", 20)
    machine.type(f"echo behind {name}\r")
    return shown and ended and machine.wait(rf"\nbehind {name}", 20) and any(not lives(machine, name)
                                                                             for _ in range(20))


def pcs():
    """Virtual PCs that the shell runs, idle and busy, by each engine: Ctrl-C and kill end them, and nothing is left."""
    files = [word for name in PCS for word in ("--guest", str(KERNELS / name))]
    with Machine(*files) as machine:
        machine.wait("cobble>", 90)
        machine.type("run pebbles control\r")
        machine.wait("pebbles\\$ *\n", 60)
        for engine in ENGINES[:2]:
            for name, words in PCS.items():
                line = f"{name} engine={engine} mem=32M 'cmdline={words}'"
                yield judge(f"pebbles.pcs.{engine}.{name}.kill", jobs_of_one(machine, line, name), machine)
                yield judge(f"pebbles.pcs.{engine}.{name}.interrupt", interrupted(machine, line, name), machine)
        machine.type("\x1d1halt 5\r")
        yield judge("pebbles.pcs.end", machine.wait("1 pebbles: exit 5", 20), machine)
        yield judge("pebbles.pcs.none_left", say(machine, "ps", r"1 pebbles +exit 5 .*\n *cobble>"), machine)


def tests():
    """The acceptance line of the issue, ends of all kinds, a session, PCs in it, and what becomes of memory."""
    yield "pebbles.line", line
    yield "pebbles.ends", ends
    yield "pebbles.shell", shell
    yield "pebbles.pcs", pcs
    yield "pebbles.memory", memory
