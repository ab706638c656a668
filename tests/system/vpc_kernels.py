"""The kernels of tests/vpc: where they are built, the engines that run them, the exits that are told of, and plain
QEMU, which is their oracle."""
from lib import build

KERNELS = build.DIRECTORY / "tests" / "vpc"
ENGINES = ("interp", "svm", "moving")
EXITS = ("port reads", "port writes", "device reads", "device writes", "interrupts", "halts", "MSR accesses")


def plain_command(serial, *options, memory=32):
    """Plain QEMU, which writes to a file what the guest says, and whose status is twice the guest's and 1."""
    return ["qemu-system-i386", "-M", "pc", "-m", str(memory), "-display", "none", "-no-reboot", "-net", "none",
            "-serial", f"file:{serial.name}", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *options]


def drive(path, index):
    """QEMU's option for an IDE disk; what is written to it is forgotten."""
    return ["-drive", f"file={path},format=raw,if=ide,index={index},snapshot=on"]
