"""Clones and snapshots, as the operator makes them: of a guest in each state, and of an operating system."""
import re

from harness import Result, check, run
from session import Terminal
from storm_tests import free_frames

STATES = ("halted", "spinning", "in_handler", "in_prints", "in_user", "unsynced")
COPIES = 4          # of each: a clone, a clone of that, a snapshot, and a run of the snapshot
TESTS = 40          # that begin from one snapshot
SOON_MS = 50000     # of 60 s; a second and a half, where nobody else uses the host
KEYS = "ab?de"      # what each is typed; a snapshot takes nothing


def judge(name, condition, terminal):
    """A result; the screen explains a failure."""
    return Result(name, bool(condition), "" if condition else "\n".join(terminal.screen.display))


def say(terminal, line, pattern, limit=20):
    """One line for the monitor, and what it is to say."""
    terminal.type(f"\x1d0clear\r{line}\r")
    return terminal.wait(pattern, limit)


def end_by_key(terminal, number, key):
    """A guest that waits for a key is given one, which is its status if all that it checked was so."""
    terminal.type(f"\x1d0clear\rconsole {number}\r")
    terminal.wait(rf"\n {number} \S+ ", 20)
    terminal.type(key)
    return any(say(terminal, "ps", rf" {number} \S+ +exit {ord(key)} ", 1) for _ in range(10))


def one_state(terminal, state, first):
    """A guest and its copies, each of which goes on by itself."""
    said = [say(terminal, f"run clone_states.{state} &", rf"{first} \S+ runs in the background")]
    terminal.rest(1)
    said.append(say(terminal, f"clone {first}", rf"{first + 1} \S+ is a copy of guest {first};"))
    said.append(say(terminal, f"clone {first + 1}", rf"{first + 2} \S+ is a copy of guest {first + 1};"))
    said.append(say(terminal, f"snapshot {first} kept", rf"{first + 3} kept is a snapshot of guest {first}:"))
    said.append(say(terminal, "run kept &", rf"{first + 4} kept is a copy of guest {first + 3};"))
    numbers = [number for number in range(first, first + COPIES + 1) if number != first + 3]
    ended = [end_by_key(terminal, number, KEYS[number - first]) for number in numbers]
    killed = say(terminal, f"kill {first + 3}", rf"{first + 3} kept: killed")
    return all(said) and killed, all(ended)


def states():
    """Each state; whoever has ended gives back all it had."""
    with Terminal() as terminal:
        terminal.wait("cobble>", 60)
        number, free = 1, None
        for index, state in enumerate(STATES):
            is_copied, has_ended = one_state(terminal, state, number)
            number += COPIES + 1
            yield judge(f"clone.{state}.copied", is_copied, terminal)
            yield judge(f"clone.{state}.goes_on", has_ended, terminal)
            if index == 1:
                free = free_frames(terminal)
        yield judge("clone.no_leak", free is not None and free_frames(terminal) == free, terminal)


def pebbles():
    """A shell that was booted once is begun three times, and none hears of the others."""
    with Terminal() as terminal:
        terminal.wait("cobble>", 60)
        terminal.type("run pebbles\r")
        booted = terminal.wait(r"pebbles\$", 60)
        kept = say(terminal, "snapshot 1 booted", "2 booted is a snapshot of guest 1")
        ends = []
        for number in (3, 4, 5):
            terminal.type("\x1d0clear\rrun booted\r")
            terminal.wait(rf" {number} booted ", 60)
            terminal.type(f"hello\rhalt {number + 40}\r")
            ends.append(terminal.wait(rf"{number} booted: exit {number + 40} in", 20))
        yield judge("clone.pebbles.snapshot", booted and kept and all(ends), terminal)
        restart = say(terminal, "pause 2", "pause: guest 2 is a snapshot")
        twice = say(terminal, "snapshot 1 booted", "there is one of this name: guest 2")
        yield judge("clone.pebbles.snapshot_stays", restart and twice, terminal)
        yield judge("clone.pebbles.ls", say(terminal, "ls boot*", r"booted +\d+ +snapshot, guest 2"), terminal)
        first = say(terminal, "info 1", re.escape("KiB may be shared with clones"))
        yield judge("clone.pebbles.info", first, terminal)


def autoruns():
    """A plan of dozens of tests that begin from one booted Pebbles, one after another and together."""
    plan = ['pebbles snapshot=Booted type="halt 3\\n" expect=3']
    plan += [f'booted type="hello\\nhalt {number}\\n" expect={number} match="Hello from"' for number in range(TESTS)]
    for name, options in (("in_turn", []), ("together", ["--together"])):
        boot = run(*options, *(word for spec in plan for word in ("--autorun", spec)))
        ended = re.findall(r"^ok \d+ - Booted # exit (\d+) in ", boot.out, re.MULTILINE)
        yield check(f"clone.autoruns.{name}", boot.status == 0 and ended == list(map(str, range(TESTS))), boot)
        took = re.search(r"^ok 1 - pebbles # exit 3 in (\d+) ms", boot.out, re.MULTILINE)
        yield check(f"clone.autoruns.{name}.soon", took and int(took[1]) < SOON_MS, boot)   # not as its time was up
        yield check(f"clone.autoruns.{name}.one_boot", boot.out.count(", entry 0x") == 1, boot)
    boot = run("--autorun", "hello snapshot=never", "--autorun", "never expect=refused")
    yield check("clone.autoruns.never", boot.status == 0, boot)
    boot = run("--autorun", "pebbles snapshot=a/b")
    yield check("clone.autoruns.bad_name", boot.status == 2 and "snapshot='a/b'" in boot.err, boot)


def tests():
    """Name and function of each test."""
    for function in (states, pebbles, autoruns):
        yield f"clone.{function.__name__}", function
