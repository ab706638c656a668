"""Virtual PCs: kernels of tests/vpc, which know nothing of a hypervisor, in Cobble by each engine and in plain QEMU.

Plain QEMU is the oracle: what a kernel says on its serial line is the same there, byte for byte, and so is its status.
"""
import dataclasses
import pathlib
import re
import struct
import subprocess
import tempfile

import debian_tests
from harness import Result, check, run
from lib import build

KERNELS = build.DIRECTORY / "tests" / "vpc"
LIMIT = 60
HOSTILE = 3
ENGINES = ("interp", "svm", "moving")
MARKS = "marks.vpc"
MARKS_ROWS = 10         # its own, dots and times


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

    @property
    def path(self):
        return KERNELS / f"{self.name}.vpc"


ALL = (
    Kernel("apic"),
    Kernel("calls", page=("by teletype", "and a second row"), is_sector=True),
    Kernel("clock"),
    Kernel("disks", has_disks=True),
    Kernel("fpu"),
    Kernel("hello"),
    Kernel("keyboard"),
    Kernel("leaves"),
    Kernel("marks", has_disks=True),
    Kernel("power", status=0),
    Kernel("screen", page=(*(f"line {number:02} of the page" for number in range(60)), " " * 79 + "!")),
    Kernel("sector", is_sector=True),
    Kernel("serial"),
    Kernel("tasks"),
    Kernel("timer"),
)


def write_disks(folder):
    """Two disks of 128 sectors, as tests/vpc/disks.c wants them."""
    paths = [pathlib.Path(folder) / f"disk{number}" for number in range(2)]
    for path, first in zip(paths, (1, 1000)):
        path.write_bytes(b"".join(struct.pack("<I", first + sector) * 128 for sector in range(128)))
    return paths


def drive(path, index):
    """QEMU's option for an IDE disk; what is written to it is forgotten."""
    return ["-drive", f"file={path},format=raw,if=ide,index={index},snapshot=on"]


def boot_plain(kernel, disks):
    """A kernel in plain QEMU: its status and what it said, line ends as they are."""
    image = drive(kernel.path, 0) if kernel.is_sector else ["-kernel", str(kernel.path)]
    drives = [word for index, path in enumerate(disks) for word in drive(path, index)] if kernel.has_disks else []
    with tempfile.NamedTemporaryFile() as serial:
        command = ["qemu-system-i386", "-M", "pc", "-m", "32", "-display", "none", "-no-reboot", "-net", "none",
                   "-serial", f"file:{serial.name}", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                   *image, *drives]
        status = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                                check=False).returncode
        return status >> 1, serial.read().decode("latin-1")


def rows_of(boot, name):
    """What the stream shows of a guest's rows."""
    return re.findall(rf"^# {re.escape(name)}\| (.*)$", boot.out, re.MULTILINE)


def by_engine(boot):
    """The boot once for each engine, with that one's part of the stream: all kernels under one, then under the next."""
    parts = re.split(rf"(?<=\n)(?=# [^\n]*{re.escape(ALL[0].path.name)}: a virtual PC)", boot.out)
    parts[:2] = ["".join(parts[:2])]
    return {engine: dataclasses.replace(boot, out=part) for engine, part in zip(ENGINES, parts)}


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


def compare(kernel, engine, boot, plain_text):
    """One kernel under one engine: its status, and what it says, against plain QEMU."""
    prefix = f"vpc.{kernel.name}" if engine == ENGINES[0] else f"vpc.{engine}.{kernel.name}"
    name = kernel.path.name
    yield check(prefix, boot is not None and boot.verdict(name).startswith("ok"), boot)
    if boot is None:
        return
    rows, plain = rows_of(boot, name), [line.rstrip() for line in plain_text.split("\n") if line.strip()]
    ours = [row for row in rows if row not in kernel.page]
    yield Result(f"{prefix}.says_the_same", ours == plain and len(plain) > 0, f"Cobble: {ours}\nplain QEMU: {plain}")
    if kernel.page:
        shown = [row for row in rows if row in kernel.page]
        yield Result(f"{prefix}.page", shown == list(kernel.page), f"{shown}")


def refused():
    """Without SVM the launch says so, and the interpreter remains; what the engine cannot do is refused, too."""
    name = "hello.vpc"
    words = "mem=16M expect=42 timeout=30s"
    boot = run("--guest", str(KERNELS / name), "--autorun", f"{name} engine=svm {words}",
               "--autorun", f"{name} engine=svm clock=instructions {words}",
               "--autorun", f"{name} engine=interp {words}", "--", "-cpu", "max,-svm")
    for reason in ("this processor has no SVM", "it does not count instructions"):
        yield check(f"vpc.refused.{reason.split()[-1].lower()}",
                    re.search(rf"^not ok \d - {name} # refused: engine=svm: {reason}", boot.out, re.MULTILINE), boot)
    yield check("vpc.refused.interpreter_remains", f"\nok 3 - {name} # exit 42" in boot.out, boot)


def marks_plan(disk):
    """The benchmark kernel with its times, on a clock that counts instructions."""
    return ["--guest", str(KERNELS / MARKS), "--autorun",
            f"{MARKS} engine=interp mem=32M timeout=30s expect=42 clock=instructions cmdline=times disk={disk}"]


def typed(disk):
    """type= reaches the keyboard, as scancodes of set 1, or with input=serial COM1; clock=instructions runs, too."""
    name = "typed.vpc"
    words = 'engine=interp mem=16M expect=42 timeout=30s type="aB\\n."'
    boot = run("--guest", str(KERNELS / name), "--autorun", f"{name} {words}",
               "--autorun", f"{name} input=serial clock=instructions {words}", *marks_plan(disk))
    keys = [f"key {code}" for code in ("1e", "9e", "2a", "30", "b0", "aa", "1c", "9c", "34")]
    rows = [row for row in rows_of(boot, name) if row != "key b4"]      # behind the last, perhaps
    yield check("vpc.typed", boot.status == 0 and
                rows == ["type", *keys, "type", "byte 61", "byte 42", "byte 0d", "byte 2e"], boot)
    return rows_of(boot, MARKS)


def hostile(disk):
    """Random code, tables and accesses beside guests that watch what is theirs."""
    kernel = KERNELS / "hostile.vpc"
    specs = [f"hostile.vpc engine={engine} mem=16M timeout=8s cmdline={seed}" for engine in ENGINES
             for seed in range(1, HOSTILE + 1)]
    specs += ["turns timeout=60s", "zero_memory timeout=60s"]
    autoruns = [word for spec in specs for word in ("--autorun", spec)]
    boot = run("--together", "--guest", str(kernel), *autoruns, *marks_plan(disk))
    ran = rows_of(boot, "hostile.vpc").count("hostile")
    yield check("vpc.hostile.runs", ran == HOSTILE * len(ENGINES), boot)
    yield check("vpc.hostile.neighbours", all(boot.verdict(name).startswith("ok") for name in ("turns", "zero_memory")),
                boot)
    yield check("vpc.hostile.no_frame_is_lost", "# leaked frames: 0" in boot.out, boot)
    return rows_of(boot, MARKS)


def company():
    """Two boots, and a PC that counts its instructions in both: alone, and beside hostile ones. It says the same, byte
    for byte, its times included."""
    with tempfile.TemporaryDirectory() as folder:
        disk = write_disks(folder)[0]
        alone = yield from typed(disk)
        beside = yield from hostile(disk)
    yield Result("vpc.counted_time_is_the_same_twice", alone == beside and len(alone) >= MARKS_ROWS,
                 f"alone: {alone}\nbeside hostile ones: {beside}")


def tests():
    """Name and function of each test."""
    yield "vpc.boots", boots
    yield "vpc.refused", refused
    yield "vpc.typed and vpc.hostile", company
    yield from debian_tests.tests()
