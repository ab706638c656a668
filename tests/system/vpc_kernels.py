"""The kernels of tests/vpc: where they are built, the engines that run them, the exits that are told of, and plain
QEMU, which is their oracle."""
import pathlib
import re
import struct

from lib import build

KERNELS = build.DIRECTORY / "tests" / "vpc"
ENGINES = ("interp", "svm", "moving")
EXITS = ("port reads", "port writes", "device reads", "device writes", "interrupts", "halts", "MSR accesses")


def plain_command(serial, *options, memory=32, has_input=False):
    """Plain QEMU, which writes to a file what the guest says, and whose status is twice the guest's and 1. has_input:
    what the guest says goes to standard output, and standard input to the guest."""
    line = "stdio" if has_input else f"file:{serial.name}"
    return ["qemu-system-i386", "-M", "pc", "-m", str(memory), "-display", "none", "-no-reboot", "-net", "none",
            "-serial", line, "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *options]


def drive(path, index):
    """QEMU's option for an IDE disk; what is written to it is forgotten."""
    return ["-drive", f"file={path},format=raw,if=ide,index={index},snapshot=on"]


def write_disks(folder):
    """Two disks of 128 sectors, as tests/vpc/disks.c wants them."""
    paths = [pathlib.Path(folder) / f"disk{number}" for number in range(2)]
    for path, first in zip(paths, (1, 1000)):
        path.write_bytes(b"".join(struct.pack("<I", first + sector) * 128 for sector in range(128)))
    return paths


def rows_of(boot, name):
    """What the stream shows of a guest's rows."""
    return re.findall(rf"^# {re.escape(name)}\| (.*)$", boot.out, re.MULTILINE)
