"""Clones and snapshots, as the operator makes them: of a guest in each state, and of an operating system."""
import re

from harness import check, run
from session import Terminal, judge, say
from storm_tests import free_frames

STATES = ("halted", "spinning", "in_handler", "in_prints", "in_user", "unsynced")
COPIES = 4          # of each: a clone, a clone of that, a snapshot, and a run of the snapshot
TESTS = 40          # that begin from one snapshot
SHARED_PART = 0.6   # of what a second Pebbles has touched at its prompt; 0.7 was seen
SOON_MS = 2000      # of counted time, which no host moves: 321; its time is up after 60,000
KEYS = "ab?de"      # what each is typed; a snapshot takes nothing


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
        first = say(terminal, "info 1", re.escape("KiB may be shared with others"))
        yield judge("clone.pebbles.info", first, terminal)


def restarts():
    """restart goes by what a guest began from, image or snapshot; its name may be any. Who cannot come again stays."""
    steps = (("image", "run tumble as=mine &", "restart 1", "2 mine runs in the background"),
             ("snapshot", "snapshot 2 kept", "restart 3", "restart: guest 3 is a snapshot; run kept begins from it"),
             ("copy", "run kept as=other &", "restart 4", "5 other is a copy of guest 3"),
             ("no_snapshot", "kill 3", "restart 5", "restart: snapshot 3, which it began from, is gone"),
             ("clone", "clone 2", "restart 6", "7 mine runs in the background"),
             ("own_memory", "run control.own_image_stays control &", "adopt 9\rrestart 9",
              "restart: its image is gone"))
    states = (("1 mine", "killed"), ("2 mine", "(idle|running)"), ("3 kept", "killed"), ("4 other", "killed"),
              ("5 other", "(idle|running)"), ("6 mine", "killed"), ("7 mine", "(idle|running)"),
              ("8 control", "(idle|running)"), ("9 stays", "(idle|running)"))
    with Terminal() as terminal:
        terminal.wait("cobble>", 60)
        for name, before, line, answer in steps:
            terminal.type(f"\x1d0clear\r{before}\r")
            terminal.rest(1)
            yield judge(f"restart.{name}", say(terminal, line, answer), terminal)
        rows = r".*\n +".join(rf"{name}\S* +{state} " for name, state in states)
        yield judge("restart.nobody_else_ended", say(terminal, "ps", rows), terminal)
        yield judge("restart.bad_name", say(terminal, "run hello as=a/b", r"run: 'as=a/b': "), terminal)


def autoruns():
    """A plan of dozens of tests that begin from one booted Pebbles, one after another and together."""
    plan = ['pebbles snapshot=Booted type="halt 3\\n" expect=3']
    plan += [f'booted type="hello\\nhalt {number}\\n" expect={number} match="Hello from"' for number in range(TESTS)]
    for name, options in (("in_turn", ["--counted"]), ("together", ["--together"])):
        boot = run(*options, *(word for spec in plan for word in ("--autorun", spec)))
        ended = re.findall(r"^ok \d+ - Booted # exit (\d+) in ", boot.out, re.MULTILINE)
        yield check(f"clone.autoruns.{name}", boot.status == 0 and ended == list(map(str, range(TESTS))), boot)
        took = re.search(r"^ok 1 - pebbles # exit 3 in (\d+) ms", boot.out, re.MULTILINE)
        if name == "in_turn":           # the snapshot was made when the guest waited, not as its time was up
            yield check(f"clone.autoruns.{name}.soon", took and int(took[1]) < SOON_MS, boot)
        yield check(f"clone.autoruns.{name}.one_boot", boot.out.count(", entry 0x") == 1, boot)
    boot = run("--autorun", "hello snapshot=never", "--autorun", "never expect=refused")
    yield check("clone.autoruns.never", boot.status == 0, boot)
    boot = run("--autorun", "pebbles snapshot=a/b")
    yield check("clone.autoruns.bad_name", boot.status == 2 and "snapshot='a/b'" in boot.err, boot)


def strict():
    """A copy of a strict guest is strict, and what its source was told of counts for it, too; others are as before."""
    wanted, plan = {"key_between": "read", "behind_key": "write", "stack_full_behind_key": "the"}, []
    for name in wanted:
        plan += [f'mistake_strict.{name} strict=on snapshot=of-{name} type="k" expect=crash',
                 f'of-{name} type="k" expect=crash']
    plan += ['mistake_strict.key_between snapshot=lenient type="k" expect=1', 'lenient type="k" expect=1',
             'mistake_strict.behind_key snapshot=waits type="k" expect=1',
             'waits as=late strict=on type="k" expect=crash']
    boot = run(*(word for spec in plan for word in ("--autorun", spec)))
    reports = dict(re.findall(r"^# (of-\w+|late)! crash: strict: (\w+)", boot.out, re.MULTILINE))
    yield check("clone.strict.reports", reports == {**{f"of-{name}": word for name, word in wanted.items()},
                                                    "late": "write"}, boot)
    yield check("clone.strict.ends", boot.status == 0, boot)


def rights():
    """The operator's snapshots are nobody else's: a guest neither lists, starts, reads nor copies them."""
    boot = run(*(word for spec in ('clone_states.halted snapshot=kept type="k" expect=107',
                                   'clone_states.halted snapshot=console type="k" expect=107',
                                   'kept type="a" expect=97', 'console type="b" expect=98',
                                   "control_clone.snapshots control=on") for word in ("--autorun", spec)))
    yield check("clone.rights", boot.status == 0, boot)


def touched_and_shared(terminal, number):
    """KiB, as info has them; shared is 0 where it says nothing of it."""
    found = r"memory: \d+ KiB, of which (\d+) KiB touched; .*\n" \
            r"(?:of what is touched, (\d+) KiB may be shared)?(?:.*\n)*cobble> +\n"
    if not say(terminal, f"info {number}", found):
        return None, None
    touched, shared = re.search(found, "\n".join(terminal.screen.display)).groups()
    return int(touched), int(shared or 0)


def same_image():
    """Three shells of one file, each launched: the first pays nothing, the others have its pages, and all go on."""
    with Terminal() as terminal:
        terminal.wait("cobble>", 60)
        figures, ends = [], []
        for number in (1, 2, 3):
            terminal.type("\x1d0clear\rrun pebbles\r")
            terminal.wait(rf"pebbles\$ (?:.*\n)* {number} pebbles ", 60)
            figures.append(touched_and_shared(terminal, number))
        yield judge("clone.same_image.first", figures[0][1] == 0, terminal)
        yield judge("clone.same_image.others", all(shared is not None and touched * SHARED_PART <= shared < touched
                                                   for touched, shared in figures[1:]), terminal)
        for number in (2, 1, 3):
            terminal.type(f"\x1d0clear\rconsole {number}\r")
            terminal.wait(rf"\n {number} \S+ ", 20)
            terminal.type(f"hello\rhalt {number + 40}\r")
            ends.append(any(say(terminal, "ps", rf" {number} \S+ +exit {number + 40} ", 1) for _ in range(20)))
        yield judge("clone.same_image.goes_on", all(ends), terminal)


def tests():
    """Name and function of each test."""
    for function in (states, pebbles, same_image, restarts, autoruns, strict, rights):
        yield f"clone.{function.__name__}", function
