"""What an instruction of a virtual PC costs: kernels of tests/vpc on two clocks.

With clock=instructions a kernel's time stamps count its own instructions, on the wall clock of a machine that counts
instructions the machine's: the quotient is the machine's for each of the guest's. speed.c does one kind of work after
the other, marks.c what operating systems do all day, heavy.c what is the most work for a single instruction.
"""
import pathlib
import re
import subprocess
import tempfile

from bench_runs import BenchError
import bench_strings
import bench_stretch
from harness import run
from lib import bench
import vpc_fault_tests
from vpc_kernels import EXITS, KERNELS, drive, plain_command
import vpc_tests

NS_PER_INSTRUCTION = 10         # VPC_NS_PER_INSTRUCTION of hv/vpc/vpc.h
SPEED, SPEED_ROW = "speed.vpc", r"(\D+|copies of 4 KiB) (\d+)"
MARKS_KERNEL, MARKS_ROW = "marks.vpc", r"([a-z ]+) (\d+) (\d+)"
KINDS = {"arithmetic": "arithmetic", "memory": "memory", "calls": "calls", "system": "system calls",
         "ports": "port reads"}
WAYS_OUT = {"empty": "pauses", "port": "port reads", "apic_read": "APIC reads", "apic_write": "APIC writes",
            "cpuid": "CPUID"}
ROUNDS = 2000                   # of tests/vpc/speed.c
COPIES = "copies of 4 KiB"
COPY_COUNT = ROUNDS // 10
PLAIN_RUNS = 8
UNIX_SECTOR = 28_305            # of the kernel that the goal is of: docs/vpc.md "The same under each engine"
UNIX_CHARACTER = 12_000         # of the same, written by a program to both consoles: an estimate, derived there
SECTOR_ELEMENTS = 128           # of the string that brings a sector: one instruction interpreted, else one each
MARKS = {"mark_call": "system call", "mark_fault": "page fault", "mark_fork": "fork", "mark_switch": "context switch",
         "mark_pipe": "pipe", "mark_exec": "program", "mark_sector": "sector read", "mark_character": "character"}
SCREEN = "screen character"      # of marks.c, when it tells times
OFTEN = {key.replace("mark", "exits"): kind for key, kind in MARKS.items()} | {"exits_screen": SCREEN}
HOSTILE = 3
EXIT_GOOD = 42


def rows_of(name, words, expected, engine="interp", flags=bench.FLAGS):
    """Rows of a kernel that runs alone in Cobble: [(what, ..., number)] of all that match."""
    path = KERNELS / name
    result = run("--timeout", 600, "--guest", path, "--autorun",
                 f"{name} engine={engine} mem=32M timeout=300s expect={EXIT_GOOD} {words}", "--", *flags)
    rows = re.findall(rf"^# {re.escape(name)}\| {expected}$", result.out, re.MULTILINE)
    if result.status != 0 or not rows:
        raise BenchError(f"{name}: status {result.status}\n{result.tail()}")
    return rows


def read_times(clock, engine="interp"):
    """{kind of work: time by the guest's time stamp counter} of speed.c."""
    rows = rows_of(SPEED, f"clock={clock} cmdline=times", SPEED_ROW, engine)
    return {kind: int(time) for kind, time in rows}


def mark_rows(clock, disk, flags=bench.FLAGS):
    """(operation, how many, time of all) of each of marks.c, interpreted."""
    return rows_of(MARKS_KERNEL, f"clock={clock} disk={disk} cmdline=times", MARKS_ROW, flags=flags)


def for_each(rows):
    """{operation: time of one}."""
    return {kind: int(time) / int(count) for kind, count, time in rows}


def read_plain_marks(disk):
    """The same in plain QEMU, which counts each element of a string instruction."""
    with tempfile.NamedTemporaryFile() as serial:
        command = plain_command(serial, "-accel", "tcg", "-icount", "shift=0,sleep=off", "-kernel",
                                str(KERNELS / MARKS_KERNEL), "-append", "times", *drive(disk, 0))
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
        text = serial.read().decode("latin-1")
    return for_each(re.findall(r"^([a-z ]+) (\d+) (\d+)$", text, re.MULTILINE))


def read_quick_plain_marks(disk):
    """The same, with a disk that is not waited for: of some runs the least, as who polls does so as long as the host
    reads."""
    runs = [read_plain_marks(disk) for _ in range(PLAIN_RUNS)]
    return {kind: min(each[kind] for each in runs) for kind in runs[0]}


def measure_marks():
    """Of each operation of marks.c: host instructions for each of the guest, the guest's, and those in plain QEMU; and
    of all marks that it has together, bulk strings apart."""
    with tempfile.TemporaryDirectory() as folder:
        disk = vpc_tests.write_disks(pathlib.Path(folder))[0]
        host_rows, moments = bench_strings.run_marks(lambda flags: mark_rows("wall", disk, flags))
        guest_rows, plain = mark_rows("instructions", disk), read_quick_plain_marks(disk)
    host, guest = for_each(host_rows), for_each(guest_rows)
    instructions = sum(int(time) for _, _, time in guest_rows) / NS_PER_INSTRUCTION
    figures = {"marks": bench_strings.whole(host_rows, moments, instructions)}
    for key, kind in MARKS.items():
        instructions = guest[kind] / NS_PER_INSTRUCTION
        figures |= {key: host[kind] / instructions, f"{key}_guest": instructions, f"{key}_plain": plain[kind]}
    return figures


def measure_exits(engine, words="", flags=()):
    """Exits of marks.c by kind, as its end tells them with "log debug": the same each time, where time is counted."""
    with tempfile.TemporaryDirectory() as folder:
        disk = vpc_tests.write_disks(pathlib.Path(folder))[0]
        config = pathlib.Path(folder) / "exits.cfg"
        config.write_text("log debug\n", encoding="utf-8")
        result = run("--config", config, "--guest", KERNELS / "marks.vpc", "--autorun", f"marks.vpc engine={engine} "
                     f"mem=32M timeout=60s expect={EXIT_GOOD} {words} disk={disk}", "--", *flags)
    counts = dict(re.findall(r"exits: ([A-Za-z ]+) (\d+)$", result.out, re.MULTILINE))
    if not set(EXITS) <= set(counts):
        raise BenchError(f"marks.vpc: exits {counts}\n{result.tail()}")
    return {f"exits_{kind.lower().replace(' ', '_')}": int(count) for kind, count in counts.items()}


def measure_stretch(engine):
    """The longest time in which heavy.c, hostile PCs and those that never get out of their events let nobody in."""
    specs = [f"hostile.vpc engine={engine} mem=16M timeout=5s cmdline={seed}" for seed in range(1, HOSTILE + 1)]
    specs += [f"endless.vpc engine={engine} mem=16M timeout=2s cmdline={way}" for way in vpc_fault_tests.WAYS]
    specs.append(f"heavy.vpc engine={engine} mem=32M timeout=60s expect={EXIT_GOOD}")
    autoruns = [word for spec in specs for word in ("--autorun", spec)]
    guests = [word for name in ("hostile.vpc", "endless.vpc", "heavy.vpc") for word in ("--guest", KERNELS / name)]
    stretches = bench_stretch.stretches("--together", *guests, *autoruns)[0]
    print(*map(str, stretches[:3]), sep="\n")
    return {"stretch": stretches[0].instructions}


def measure_heavy():
    """The longest single instruction of heavy.c."""
    rows = rows_of("heavy.vpc", "clock=wall cmdline=times", r"step (.*): (\d+)")
    steps = {name: int(cost) for name, cost in rows}
    print("\n".join(f"{cost:>8,} {name}" for name, cost in steps.items()))
    return {"step": max(steps.values())}


def measure_vpc():
    """Host instructions each guest instruction, by kind of work; of a copy of a page all of them."""
    host, guest = read_times("wall"), read_times("instructions")
    figures = {key: host[kind] / (guest[kind] / NS_PER_INSTRUCTION) for key, kind in KINDS.items()}
    figures["copy"] = host[COPIES] / COPY_COUNT
    figures |= {f"way_{key}": host[kind] / ROUNDS for key, kind in WAYS_OUT.items()}
    figures |= measure_marks() | measure_exits("interp", "clock=instructions")
    figures |= measure_heavy() | measure_stretch("interp")
    return {key: round(value, 1) for key, value in figures.items()}


def boot_svm(disk, flags):
    """One boot: speed.c, then marks.c, each under SVM by the machine's instructions and interpreted by its own. Rows of
    all four, in this order."""
    kernels = [KERNELS / name for name in (SPEED, MARKS_KERNEL)]
    specs = (f"{SPEED} engine=svm clock=wall cmdline=times", f"{SPEED} engine=interp clock=instructions cmdline=times",
             f"{MARKS_KERNEL} engine=svm clock=wall disk={disk} cmdline=times",
             f"{MARKS_KERNEL} engine=interp clock=instructions disk={disk} cmdline=times")
    result = run("--timeout", 600, *(word for path in kernels for word in ("--guest", path)),
                 *(word for spec in specs for word in ("--autorun", f"{spec} mem=32M timeout=300s expect={EXIT_GOOD}")),
                 "--", *flags)
    rows = re.findall(rf"^# {re.escape(SPEED)}\| {SPEED_ROW}$", result.out, re.MULTILINE)
    marks = re.findall(rf"^# {re.escape(MARKS_KERNEL)}\| {MARKS_ROW}$", result.out, re.MULTILINE)
    if result.status != 0 or not rows or not marks or len(rows) % 2 or len(marks) % 2:
        raise BenchError(f"speed.c and marks.c: status {result.status}\n{result.tail()}")
    speed_half, half = len(rows) // 2, len(marks) // 2
    return rows[:speed_half], rows[speed_half:], marks[:half], marks[half:]


def measure_svm():
    """Under SVM: what the machine executes for each way out of the guest besides the guest's own instructions; of
    each operation of marks.c how much there is for one in plain QEMU, and how often the guest is left for one; and the
    exits of all of it by kind."""
    others = []

    def boot(flags):
        host, guest, marks, own = boot_svm(disk, flags)
        others.extend((dict(host), dict(guest), for_each(own)))
        return marks

    with tempfile.TemporaryDirectory() as folder:
        disk = vpc_tests.write_disks(pathlib.Path(folder))[0]
        rows, moments = bench_strings.run_marks(boot, bench_strings.exit_places(KERNELS / MARKS_KERNEL))
        marks, plain = for_each(rows), read_plain_marks(disk)
    (host, guest, own), exits = others, bench_strings.exits_of(rows, moments)
    figures = {key: (int(host[kind]) - int(guest[kind]) / NS_PER_INSTRUCTION) / ROUNDS
               for key, kind in WAYS_OUT.items()}
    figures |= {key: marks[kind] / plain[kind] for key, kind in MARKS.items()}
    figures["mark_sector"] = marks[MARKS["mark_sector"]]
    own_sector = own[MARKS["mark_sector"]] / NS_PER_INSTRUCTION + SECTOR_ELEMENTS - 1
    figures["sector"] = 1 + (figures["mark_sector"] - own_sector) / UNIX_SECTOR
    figures["screen"] = marks[SCREEN] - plain[SCREEN]
    figures["character"] = 1 + figures["screen"] / UNIX_CHARACTER
    figures |= {key: exits[kind] for key, kind in OFTEN.items()}
    figures |= measure_exits("svm", flags=bench.FLAGS) | measure_stretch("svm")
    return {key: round(value, 3) for key, value in figures.items()}
