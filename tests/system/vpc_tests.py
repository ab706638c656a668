"""Virtual PCs: kernels of tests/vpc, which know nothing of a hypervisor, in Cobble by each engine and in plain QEMU.

Plain QEMU is the oracle: what a kernel says on its serial line is the same there, byte for byte, and so is its status.
The rows of the stream are those of that text, but for empty rows, CR, and blanks at a row's end.
"""
import dataclasses
import pathlib
import re
import subprocess
import tempfile

import debian_tests
import vpc_beside_tests
import vpc_fault_tests
import vpc_plain_tests
import vpc_shell_tests
from harness import Result, check
from vpc_bytes import Plain, difference, run, same_bytes
from vpc_kernels import ENGINES, KERNELS, drive, plain_command, rows_of, write_disks

LIMIT = 60
HOSTILE = 3
HOSTILE_EACH = 2        # rounds that each does at least, though it may end itself in any of them
HOSTILE_BEGINS = b"did 1 rounds\ndid 2 rounds\n"
HOSTILE_ROUNDS = 500    # and all of them together
COPIES = 64
COPIED_BEFORE = b"works\n"     # what copied.c has said when it is copied
MOVES = (1, 2, 7, 100, 5000)
MOVED = ("apic", "debug", "fpu", "leaves", "nmi", "serial", "stamps", "tasks", "timer")   # of ALL
MARKS = "marks.vpc"
MARKS_ROWS = 9          # its own, times and counts
STARTS_PAGE = (*("a row like others" if number % 8 == 7 else f"{number:04}" for number in range(400)),
               *(f"{number:04}" * 20 for number in range(400, 400 + 8 * 7 * 24)))


@dataclasses.dataclass
class Kernel:
    """One of tests/vpc: its words in a plan besides the engine's, the rows of its text page, which plain QEMU does not
    tell, whether it has two disks, and whether it is itself one that begins with a boot sector."""
    name: str
    words: str = ""
    page: tuple = ()
    status: int = 42
    has_disks: bool = False
    is_sector: bool = False
    memory: int = 32        # MiB
    command_line: str = ""
    says: str = ".*"        # what a row of its serial line is: all others are its text page's, whenever that was shown

    @property
    def path(self):
        return KERNELS / f"{self.name}.vpc"


ALL = (
    Kernel("apic"),
    Kernel("calls", page=("by teletype", "and a second row"), is_sector=True),
    Kernel("clock"),
    Kernel("debug"),
    Kernel("disks", has_disks=True),
    Kernel("fpu"),
    Kernel("hello"),
    Kernel("keyboard"),
    Kernel("leaves"),
    Kernel("marks", has_disks=True),
    Kernel("nmi"),
    Kernel("power", status=0),
    Kernel("screen", page=(*(f"line {number:02} of the page" for number in range(60)), " " * 79 + "!")),
    Kernel("sector", is_sector=True),
    Kernel("serial"),
    Kernel("stamps"),
    Kernel("starts", page=STARTS_PAGE),
    Kernel("tasks"),
    Kernel("ticks", is_sector=True, says="[0-9A-F]{4}"),
    Kernel("timer"),
)


def boot_plain(kernel, disks):
    """A kernel in plain QEMU: its status and what it said, line ends as they are."""
    image = drive(kernel.path, 0) if kernel.is_sector else ["-kernel", str(kernel.path)]
    image += ["-append", kernel.command_line] if kernel.command_line else []
    drives = [word for index, path in enumerate(disks) for word in drive(path, index)] if kernel.has_disks else []
    with tempfile.NamedTemporaryFile() as serial:
        command = plain_command(serial, *image, *drives, memory=kernel.memory)
        status = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                                check=False).returncode
        return status >> 1, serial.read().decode("latin-1")


def by_engine(boot):
    """The boot once for each engine, with that one's part of the stream: all kernels under one, then under the next."""
    parts = re.split(rf"(?<=\n)(?=# [^\n]*{re.escape(ALL[0].path.name)}: a virtual PC)", boot.out)
    parts[:2] = ["".join(parts[:2])]
    return {engine: dataclasses.replace(boot, out=part, sent={name: sent[at:at + 1] for name, sent in
                                                              boot.sent.items()})
            for at, (engine, part) in enumerate(zip(ENGINES, parts))}


def boots():
    """All of them in one boot of Cobble, then each in plain QEMU."""
    with tempfile.TemporaryDirectory() as folder:
        yield from compare_all(write_disks(folder))


def compare_all(disks):
    words = " ".join(f"disk={path}" for path in disks)
    files = [word for kernel in ALL for word in ("--guest", str(kernel.path))]
    autoruns = [word for engine in ENGINES for kernel in ALL for word in
                ("--autorun", f"{kernel.path.name} engine={engine} mem=32M timeout=30s expect={kernel.status} "
                 f"{kernel.words} {words if kernel.has_disks else ''}")]
    boot = run(*files, *autoruns)
    yield check("vpc.no_frame_is_lost", "# leaked frames: 0" in boot.out, boot)
    parts = by_engine(boot)
    for kernel in ALL:
        plain = boot_plain(kernel, disks)
        yield check(f"vpc.{kernel.name}.plain_status", plain[0] == kernel.status)
        for engine in ENGINES:
            yield from compare(kernel, engine, parts.get(engine), plain[1])
        sent = boot.sent.get(kernel.path.name, [])
        yield Result(f"vpc.{kernel.name}.each_engine_sends_the_same", len(sent) == len(ENGINES) and len(set(sent)) == 1,
                     "\n".join(difference(each, sent[0]) for each in sent[1:]))


def compare(kernel, engine, boot, plain_text):
    """One kernel under one engine: its status, its bytes, and what the stream shows of them, against plain QEMU."""
    prefix = f"vpc.{kernel.name}" if engine == ENGINES[0] else f"vpc.{engine}.{kernel.name}"
    name = kernel.path.name
    yield check(prefix, boot is not None and boot.verdict(name).startswith("ok"), boot)
    if boot is None:
        return
    yield same_bytes(prefix.removeprefix("vpc."), boot.sent.get(name, []), plain_text.encode("latin-1"))
    rows, plain = rows_of(boot, name), [line.rstrip() for line in plain_text.split("\n") if line.strip()]
    ours = [row for row in rows if row not in kernel.page and re.fullmatch(kernel.says, row)]
    yield Result(f"{prefix}.says_the_same", ours == plain and len(plain) > 0, f"Cobble: {ours}\nplain QEMU: {plain}")
    if kernel.page:
        shown = [row for row in rows if row in kernel.page]
        yield Result(f"{prefix}.page", shown == list(kernel.page), f"{shown}")


def moves():
    """A guest that moves between the engines after so many exits and instructions says the same, whatever their
    number."""
    kernels = [kernel for kernel in ALL if kernel.name in MOVED]
    launches = [(kernel, number) for kernel in kernels for number in MOVES]
    boot = run(*(word for kernel in kernels for word in ("--guest", str(kernel.path))),
               *(word for kernel, number in launches for word in
                 ("--autorun", f"{kernel.path.name} engine=moving moves={number} as={kernel.name}-{number} mem=32M "
                  f"timeout=60s expect={kernel.status}")))
    for kernel in kernels:
        plain = boot_plain(kernel, ())[1]
        wanted = [line.rstrip() for line in plain.split("\n") if line.strip()]
        for number in MOVES:
            name = f"{kernel.name}-{number}"
            said = rows_of(boot, name)
            yield check(f"vpc.moves.{name}", boot.verdict(name).startswith("ok"), boot)
            yield Result(f"vpc.moves.{name}.says_the_same", said == wanted and len(said) > 0, f"{said}\n{wanted}")
            yield same_bytes(f"moves.{name}", boot.sent.get(name, []), plain.encode("latin-1"))


def refused():
    """Without SVM the launch says so, and the interpreter remains; what the engine cannot do is refused, too."""
    name = "hello.vpc"
    words = "mem=16M expect=42 timeout=30s"
    boot = run("--guest", str(KERNELS / name), "--autorun", f"{name} engine=svm {words}",
               "--autorun", f"{name} engine=svm clock=instructions {words}",
               "--autorun", f"{name} engine=lockstep {words}",
               "--autorun", f"{name} engine=interp {words}", "--", "-cpu", "max,-svm")
    for reason in ("this processor has no SVM", "it does not count instructions", "lock-step is in a build"):
        yield check(f"vpc.refused.{reason.split()[-1].lower()}",
                    re.search(rf"^not ok \d - {name} # refused: engine=svm: {reason}", boot.out, re.MULTILINE), boot)
    yield check("vpc.refused.interpreter_remains", f"\nok 4 - {name} # exit 42" in boot.out, boot)


def teach():
    """The ways of a teaching Unix, up to its first program, in 256 MiB, by the interpreter and under SVM."""
    kernel = Kernel("teach", page=("$",), has_disks=True, memory=256, command_line="stop")
    with tempfile.TemporaryDirectory() as folder:
        disks = write_disks(folder)
        words = " ".join(f"disk={path}" for path in disks)
        plain = boot_plain(kernel, disks)
        yield check("vpc.teach.plain_status", plain[0] == kernel.status)
        for engine in ENGINES[:2]:
            boot = run("--mem", "512", "--guest", str(kernel.path), "--autorun",
                       f"{kernel.path.name} engine={engine} mem=256M timeout=120s expect={kernel.status} "
                       f"cmdline={kernel.command_line} {words}")
            yield from compare(kernel, engine, boot, plain[1])


def marks_plan(disk):
    """The benchmark kernel with its times, on a clock that counts instructions."""
    return ["--guest", str(KERNELS / MARKS), "--autorun",
            f"{MARKS} engine=interp mem=32M timeout=30s expect=42 clock=instructions cmdline=times disk={disk}"]


def typed(disk):
    """type= reaches the keyboard, as scancodes of either set, or with input=serial COM1; a counted clock runs, too."""
    name = "typed.vpc"
    words = 'engine=interp mem=16M expect=42 timeout=30s type="aB\\n."'
    boot = run("--guest", str(KERNELS / name), "--autorun", f"{name} {words}",
               "--autorun", f"{name} cmdline=second {words}",
               "--autorun", f"{name} input=serial clock=instructions {words}", *marks_plan(disk))
    said = [part.split("\n")[1:] for part in re.split("^type", "\n".join(rows_of(boot, name)), flags=re.MULTILINE)[1:]]
    wanted = (("key", "1e 9e 2a 30 b0 aa 1c 9c 34"), ("key", "1c f0 1c 12 32 f0 32 f0 12 5a f0 5a 49"),
              ("byte", "61 42 0d 2e"))
    yield check("vpc.typed", boot.status == 0 and [[row for row in rows if row] for rows in said] ==
                [[f"{kind} {code}" for code in codes.split()] for kind, codes in wanted], boot)
    return rows_of(boot, MARKS)


def tell_hostile(boot, name):
    """How a hostile PC ended, '' where that was not by its own doing, and how many rounds it did, at least."""
    end = re.search(rf"^(?:ok \d+ - {name} # |not ok \d+ - {name}\n  ---\n  expected: .*\n  got: )(.*)$", boot.out,
                    re.MULTILINE)
    end = end.group(1) if end else ""
    reason = re.search(rf"^# {name}! crash: (.*)$", boot.out, re.MULTILINE)
    # Random code may write anything to the debug exit's port.
    is_good = end.startswith(("exit ", "timeout after")) or (end.startswith("crash 0xdeadc0de") and reason)
    rounds = [int(count) for count in re.findall(rf"^# {name}\| did (\d+) rounds$", boot.out, re.MULTILINE)]
    print(f"# vpc.{name}: {max(rounds, default=0)} rounds, {end}{f': {reason.group(1)}' if reason else ''}", flush=True)
    return end if is_good else "", max(rounds, default=0)


def hostile(disk):
    """Random code, tables and accesses beside guests that watch what is theirs."""
    kernel = KERNELS / "hostile.vpc"
    plains = [Plain("hostile", line=str(seed), memory=16) for seed in range(1, HOSTILE + 1)]
    for pc in plains:
        pc.wait(len(HOSTILE_BEGINS))
    begun = [pc.close(goes_on=True)[1] for pc in plains]
    names = {f"hostile-{engine}-{seed}": f"engine={engine} mem=16M timeout=8s output=4K cmdline={seed}"
             for engine in ENGINES for seed in range(1, HOSTILE + 1)}
    specs = [f"hostile.vpc as={name} {words}" for name, words in names.items()]
    specs += ["turns timeout=60s", "zero_memory timeout=60s"]
    autoruns = [word for spec in specs for word in ("--autorun", spec)]
    boot = run("--together", "--guest", str(kernel), *autoruns, *marks_plan(disk))
    told = {name: tell_hostile(boot, name) for name in names}
    yield Result("vpc.hostile.ends", all(end for end, _ in told.values()), f"{told}\n{boot.tail()}")
    yield Result("vpc.hostile.rounds", all(rounds >= HOSTILE_EACH for _, rounds in told.values()) and
                 sum(rounds for _, rounds in told.values()) >= HOSTILE_ROUNDS, f"{told}")
    begun += [sent for name in names for sent in boot.sent.get(name, [b""])]
    yield Result("vpc.hostile.begins_as_in_plain_qemu", all(said.startswith(HOSTILE_BEGINS) for said in begun),
                 f"{begun}")
    yield check("vpc.hostile.neighbours", all(boot.verdict(name).startswith("ok") for name in ("turns", "zero_memory")),
                boot)
    yield check("vpc.hostile.no_frame_is_lost", "# leaked frames: 0" in boot.out, boot)
    return rows_of(boot, MARKS)


def plain_copied(disk, key):
    """What copied.c says in plain QEMU, where this key is pressed."""
    plain = Plain("copied", *drive(disk, 0), line="halts")
    plain.wait(len(COPIED_BEFORE))
    plain.press(key)
    return plain.close()[1]


def copied():
    """A PC that is copied in mid-work: each copy says what one says that was not copied, and becomes what is typed to
    it; then many at once. The status is the scancode of the key."""
    name, sources, keys = "copied.vpc", [], {"a": 0x1E, "b": 0x30}
    with tempfile.TemporaryDirectory() as folder:
        disk = pathlib.Path(folder) / "disk"
        disk.write_bytes(bytes(1 << 16))
        plain = {key: plain_copied(disk, key) for key in keys}
        words = f"mem=32M disk={disk} cmdline=halts timeout=60s"
        plan = []
        for engine in ENGINES:
            plan += [f'{name} engine={engine} {words} type="{key}" expect={code}' for key, code in keys.items()]
            sources.append(f'{name} engine={engine} {words} snapshot=kept-{engine} type="a" expect={keys["a"]}')
            plan += [sources[-1], *(f'kept-{engine} timeout=60s type="{key}" expect={keys[key]}' for key in "bab")]
        boot = run("--guest", str(KERNELS / name), *(word for spec in plan for word in ("--autorun", spec)))
        many = [sources[1], *(f'kept-svm timeout=120s type="{"ab"[number % 2]}" expect={keys["ab"[number % 2]]}'
                              for number in range(COPIES))]
        together = run("--together", "--guest", str(KERNELS / name),
                       *(word for spec in many for word in ("--autorun", spec)))
    for at, engine in enumerate(ENGINES):
        yield check(f"vpc.copied.{engine}",
                    rows_of(boot, f"kept-{engine}") == [f"key {keys[key]:02x}, 0 failed" for key in "bab"], boot)
        wholes, copies = boot.sent.get(name, [])[3 * at:3 * at + 3], boot.sent.get(f"kept-{engine}", [])
        yield Result(f"vpc.copied.{engine}.same_bytes", wholes == [plain[key] for key in "aba"] and
                     copies == [plain[key].removeprefix(COPIED_BEFORE) for key in "bab"],
                     f"{wholes}\n{copies}\n{plain}")
    alone = rows_of(boot, name)
    yield check("vpc.copied.source", alone == ["works", "key 1e, 0 failed", "works", "key 30, 0 failed", "works",
                                               "key 1e, 0 failed"] * len(ENGINES), boot)
    for which, booted in (("in_turn", boot), ("together", together)):
        yield check(f"vpc.copied.{which}", booted.status == 0 and "# leaked frames: 0" in booted.out, booted)
    yield check("vpc.copied.many", len(re.findall("^ok .* - kept-svm # exit", together.out, re.MULTILINE)) == COPIES,
                together)


def children():
    """PCs as children of a guest, with disks; then from Pebbles' shell: ends, refusals, one whose keys are its own."""
    with tempfile.TemporaryDirectory() as folder:
        names = [KERNELS / f"{name}.vpc" for name in ("hello", "disks", "sector", "copied")]
        files = [word for path in (*names, *write_disks(folder)) for word in ("--guest", str(path))]
        typed = ("hello.vpc engine=interp mem=32M", "disks.vpc engine=svm mem=32M disk=disk0 disk=disk1",
                 "hello.vpc engine=interp mem=1M", "hello.vpc engine=interp disk=nobody", "hello.vpc engine=none",
                 "copied.vpc engine=interp mem=32M disk=disk0 'cmdline=halts now'")
        types = "".join(f'type="{line}\\n" ' for line in typed)       # each when what it starts has ended
        boot = run(*files, "--autorun", "control_pc.machines control=on timeout=60s",
                   "--autorun", f'pebbles control=on timeout=90s expect={0x1E} {types} type="a" type="halt $?\\n"')
    yield check("vpc.children.machines", boot.verdict("control_pc.machines").startswith("ok "), boot)
    rows = rows_of(boot, "pebbles")
    for name, wanted in (("exit", "exit 42  hello.vpc"), ("disks", "exit 42  disks.vpc"),
                         ("refused", "a virtual PC has 2M to"), ("no_file", "exit 127  hello.vpc"),
                         ("view", f"exit {0x1E}  copied.vpc")):
        yield check(f"vpc.children.shell.{name}", any(wanted in row for row in rows), boot)
    yield check("vpc.children.ends", boot.status == 0 and "# leaked frames: 0" in boot.out, boot)


def without_dots(rows):
    """Rows that say something."""
    return [row for row in rows if row.strip(".")]


def company():
    """Two boots, and a PC that counts its instructions in both: alone, and beside hostile ones. It says the same, byte
    for byte, its times included; but for its dots, which go to line and screen, and how many rows of a screen are seen
    is a matter of the machine's time."""
    with tempfile.TemporaryDirectory() as folder:
        disk = write_disks(folder)[0]
        alone = without_dots((yield from typed(disk)))
        beside = without_dots((yield from hostile(disk)))
    yield Result("vpc.counted_time_is_the_same_twice", alone == beside and len(alone) >= MARKS_ROWS,
                 f"alone: {alone}\nbeside hostile ones: {beside}")


def tests():
    """Name and function of each test."""
    yield "vpc.boots", boots
    yield "vpc.moves", moves
    yield "vpc.refused", refused
    yield "vpc.teach", teach
    yield "vpc.copied", copied
    yield "vpc.children", children
    yield "vpc.typed and vpc.hostile", company
    yield from vpc_shell_tests.tests()
    yield from vpc_beside_tests.tests()
    yield from vpc_fault_tests.tests()
    yield from vpc_plain_tests.tests()
    yield from debian_tests.tests()
