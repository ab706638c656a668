"""Transcripts of devices, tests/vpc/transcripts: recorded in plain QEMU by tests/vpc/record.c, repeated by ours.

scripts/test records each anew and lets test_vpc_transcripts repeat it; `scripts/test record` writes them.
"""
import pathlib
import re
import subprocess
import tempfile

from harness import Result
from lib import build
from vpc_kernels import KERNELS, drive, plain_command
import vpc_tests

FOLDER = build.ROOT / "tests" / "vpc" / "transcripts"
KERNEL = KERNELS / "record.vpc"
REPEAT = build.DIRECTORY / "tests" / "unit" / "test_vpc_transcripts"
LIMIT = 120
EXIT_GOOD = 42


def record(path, disks):
    """The transcript with times and values of plain QEMU's devices. A comment says how many ns an instruction takes."""
    shift = re.search(r"^# an instruction takes 2\^(\d+) ns", path.read_text(), re.MULTILINE)
    with tempfile.NamedTemporaryFile() as serial:
        command = plain_command(
            serial, "-accel", "tcg", "-icount", f"shift={shift.group(1) if shift else 0},sleep=off",
            "-rtc", "base=2026-01-01T00:00:00,clock=vm", "-kernel", str(KERNEL), "-initrd", str(path),
            *(word for index, disk in enumerate(disks) for word in drive(disk, index)))
        status = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                                check=False).returncode >> 1
        return status, serial.read().decode("latin-1").replace("\r", "")


def record_all():
    """Path, status and text of each."""
    with tempfile.TemporaryDirectory() as folder:
        disks = vpc_tests.write_disks(folder)
        for path in sorted(FOLDER.glob("*.txt")):
            yield (path, *record(path, disks))


def write_all():
    """Record them, and keep what came."""
    for path, status, text in record_all():
        if status == EXIT_GOOD:
            path.write_text(text)
        yield Result(f"record.{path.stem}", status == EXIT_GOOD, f"status {status}: {text[-200:]}")


def recorded():
    """What QEMU's devices do now is what ours do."""
    with tempfile.TemporaryDirectory() as folder:
        for path, status, text in record_all():
            fresh = pathlib.Path(folder) / path.name
            fresh.write_text(text)
            ours = subprocess.run([str(REPEAT), str(fresh)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=False)
            yield Result(f"vpc.recorded.{path.stem}", status == EXIT_GOOD and ours.returncode == 0,
                         f"status {status}\n{ours.stdout}{ours.stderr}")


def tests():
    yield "vpc.recorded", recorded
