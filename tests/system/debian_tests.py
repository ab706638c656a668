"""Virtual PCs with systems that nobody here wrote: Debian's i386 kernel, and its memtest86+.

What CI sees are their first messages. The long way (scripts/test --slow vpc.debian): the kernel as it is packed, to a
shell of busybox on its serial line, and the first tests of memtest86+.
"""
import pathlib
import tempfile

import debian
from harness import check, run
from session import Terminal

# No bus but ISA; the self-tests of the kernel's ciphers alone take three thousand million instructions.
LINUX = "console=ttyS0 pci=off noapic nolapic lpj=4000000 mitigations=off nokaslr noisapnp cryptomgr.notests"
EARLY = f"{LINUX} earlyprintk=ttyS0"
# What a kernel of its own unpacking says, and one that is unpacked.
PACKED = ("KASLR disabled",)
UNPACKED = ("Linux version 6.1.0", "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable",
            "BIOS-e820: [mem 0x0000000000100000-0x0000000003ffffff] usable", "tsc: Fast TSC calibration using PIT",
            "found SMP MP-table at", "ACPI: RSDP 0x00000000000F0000 000014 (v00 COBBLE)", "64MB LOWMEM available")
MEMTEST = ("Memtest86+ v6.10", "16MB")
MEMTEST_LINE = "console=ttyS0,115200 nosmp"
SHELL = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
exec /bin/busybox sh -i
"""
PROMPT = r"/ # *$"
LONG_S = 3600
MEMTEST_S = 900


def spec(name, words, matches, seconds, memory="64M", command_line=EARLY):
    """An autorun that is ended when its time is up, and must have said matches by then."""
    wanted = " ".join(f'match="{match}"' for match in matches)
    return (f'{name} engine=interp mem={memory} expect=timeout timeout={seconds}s cmdline="{command_line}" '
            f"{words} {wanted}")


def starts():
    """The first messages of each, in one boot."""
    files = debian.fetch()
    with tempfile.TemporaryDirectory() as name:
        unpacked = pathlib.Path(name) / "unpacked"
        unpacked.write_bytes(debian.unpack_kernel((files / "vmlinuz").read_bytes()))
        boot = run("--guest", files / "vmlinuz", "--guest", unpacked, "--guest", files / "memtest",
                   "--autorun", spec("vmlinuz", "", PACKED, 3),
                   "--autorun", spec("unpacked", "clock=instructions", UNPACKED, 12),
                   "--autorun", spec("memtest", "", MEMTEST, 9, "16M", MEMTEST_LINE))
    for guest in ("vmlinuz", "unpacked", "memtest"):
        yield check(f"vpc.debian.starts.{guest}", boot.verdict(guest).startswith("ok"), boot)
    yield check("vpc.debian.starts.no_frame_is_lost", "# leaked frames: 0" in boot.out, boot)


def ask(terminal, command, answer, limit=LONG_S):
    """Type a command, and wait until a row of the screen is its answer."""
    terminal.type(command + "\r")
    return check(f"vpc.debian.shell.{command.split()[0]}", terminal.wait(rf"(?m)^{answer} *$", limit))


def shell():
    """All the way: unpacks itself, mounts its RAM disk, runs busybox, to which a person talks, and is switched off."""
    files = debian.fetch()
    with tempfile.TemporaryDirectory() as name:
        initrd = pathlib.Path(name) / "initrd.gz"
        initrd.write_bytes(debian.make_initrd((files / "busybox").read_bytes(), SHELL))
        with Terminal("--guest", str(files / "vmlinuz"), "--guest", str(initrd)) as terminal:
            terminal.wait("cobble>")
            terminal.type("run vmlinuz engine=interp mem=64M clock=instructions initrd=initrd.gz input=serial "
                          f'cmdline="{LINUX} quiet"\r')
            yield check("vpc.debian.shell.prompt", terminal.wait(rf"(?m){PROMPT}", LONG_S))
            terminal.type("\r\r")    # busybox asks where the cursor is, and takes what comes first for an answer
            yield ask(terminal, "uname -sm", "Linux i686")
            yield ask(terminal, "expr 6 '*' 7", "42")
            yield ask(terminal, "grep -c ttyS0 /proc/interrupts", "1")
            yield ask(terminal, "poweroff -f", ".*vmlinuz: exit 0.*")


def memtest():
    """Its tests 0 to 5 on the least memory with which it runs; a whole pass is twenty times as many instructions."""
    boot = run("--guest", debian.fetch() / "memtest",
               "--autorun", spec("memtest", "", ("#6  [Moving inversions, 32 bit", "Errors: 0"), MEMTEST_S, "6M",
                                 MEMTEST_LINE),
               limit=MEMTEST_S + 120)
    yield check("vpc.debian.memtest", boot.verdict("memtest").startswith("ok"), boot)


def tests():
    """Name and function of each test."""
    yield "vpc.debian.starts", starts


def slow_tests():
    """Those of scripts/test --slow."""
    yield "vpc.debian.shell", shell
    yield "vpc.debian.memtest", memtest
