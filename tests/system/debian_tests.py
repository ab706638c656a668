"""Virtual PCs with systems that nobody here wrote: Debian's i386 kernel, its memtest86+, and a game that is a kernel.

What CI sees are their first messages, and under SVM all the way to a shell and to the end. The long way (scripts/test
--slow vpc.debian) is the same interpreted, and a whole pass of memtest86+ by each engine.
"""
import hashlib
import pathlib
import re
import struct
import tempfile

import debian
from harness import Result, check, run
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
# One line, as what is typed while nothing runs may be taken for the answer to where the cursor is.
SAYS = r"uname -sm; expr 123 '*' 456; grep ttyS0 /proc/interrupts; poweroff -f\n"
SAID = ("/ # uname -sm; expr", "Linux i686", "56088", "ttyS0", "reboot: Power down")
# Reads all, writes the fourth sector, and forgets what it has of it before it reads that again.
DISK_SHELL = f"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
for module in {' '.join(debian.MODULE_FILES)}; do insmod /$module; done
sleep 1
md5sum /dev/sda
echo cobble | dd of=/dev/sda bs=512 seek=3 conv=notrunc,sync,fsync
echo 3 > /proc/sys/vm/drop_caches
echo "read back: $(dd if=/dev/sda bs=512 skip=3 count=1 | head -n 1)"
poweroff -f
"""
DISK_BYTES = 1 << 20
# On the screen, by as few writes as may be. The kernel scrolls by moving its start: memory has 204 rows.
QUIET = "quiet lpj=4000000 mitigations=off nokaslr noisapnp cryptomgr.notests"
ROWS = 300
SCREEN = f"""#!/bin/busybox sh
row=0
while [ $row -lt {ROWS} ]; do
    row=$((row + 1))
    echo "row $row of the screen"
    if [ $((row % 10)) = 0 ]; then echo "row like others"; echo "row like others"; fi
done > /rows
/bin/busybox cat /rows
/bin/busybox poweroff -f
"""
LONG_S = 3600


def spec(name, words, matches, seconds, memory="64M", command_line=EARLY):
    """An autorun that is ended when its time is up, and must have said matches by then."""
    wanted = " ".join(f'match="{match}"' for match in matches)
    return (f'{name} engine=interp mem={memory} expect=timeout timeout={seconds}s cmdline="{command_line}" '
            f"{words} {wanted}")


def write_initrd(folder):
    """The RAM disk with busybox, as a file."""
    path = pathlib.Path(folder) / "initrd.gz"
    path.write_bytes(debian.make_initrd((debian.fetch() / "busybox").read_bytes(), SHELL))
    return path


def starts():
    """The first messages of each, interpreted, and the whole way to the shell and to the end under SVM, in one boot."""
    files = debian.fetch()
    with tempfile.TemporaryDirectory() as name:
        unpacked, linux = pathlib.Path(name) / "unpacked", pathlib.Path(name) / "linux"
        unpacked.write_bytes(debian.unpack_kernel((files / "vmlinuz").read_bytes()))
        linux.symlink_to(files / "vmlinuz")
        matches = " ".join(f'match="{match}"' for match in SAID)
        boot = run("--guest", files / "vmlinuz", "--guest", unpacked, "--guest", linux, "--guest", files / "memtest",
                   "--autorun", f'linux engine=svm initrd={write_initrd(name)} cmdline="console=ttyS0" input=serial '
                   f'type="{SAYS}" expect=0 timeout=120s {matches}',
                   "--autorun", spec("vmlinuz", "", PACKED, 3),
                   "--autorun", spec("unpacked", "clock=instructions", UNPACKED, 20),
                   "--autorun", spec("memtest", "", MEMTEST, 9, "16M", MEMTEST_LINE))
    for guest in ("linux", "vmlinuz", "unpacked", "memtest"):
        yield check(f"vpc.debian.starts.{guest}", boot.verdict(guest).startswith("ok"), boot)
    yield check("vpc.debian.starts.no_frame_is_lost", "# leaked frames: 0" in boot.out, boot)


def game():
    """A Multiboot kernel of 2001 that has the text page, timer and keyboard to itself: what it draws, and that a key
    fires a shot, by each engine."""
    file = debian.fetch() / "invaders"
    for engine in ("svm", "interp"):
        with Terminal("--guest", str(file)) as terminal:
            terminal.wait("cobble>")
            terminal.type(f"run invaders engine={engine} mem=16M\r")
            drawn = terminal.wait(r"-\*-(.|\n)*/ \\", 30)
            terminal.type(" ")
            yield Result(f"vpc.debian.game.{engine}", drawn and terminal.wait(r"\|(.|\n)*/ \\", 30),
                         "\n".join(terminal.screen.display))


def screen():
    """The same kernel without a serial console: what it prints on its screen is in the stream once and in order, though
    that scrolls by more rows than memory has; and a person's keys reach its shell."""
    files = debian.fetch()
    rows = [row for number in range(1, ROWS + 1)
            for row in (f"row {number} of the screen", *["row like others"] * (0 if number % 10 else 2))]
    with tempfile.TemporaryDirectory() as name:
        initrd = pathlib.Path(name) / "initrd.gz"
        initrd.write_bytes(debian.make_initrd((files / "busybox").read_bytes(), SCREEN))
        boot = run("--guest", files / "vmlinuz", "--autorun",
                   f'vmlinuz engine=svm mem=64M initrd={initrd} cmdline="{QUIET}" expect=0 timeout=120s')
        yield check("vpc.debian.screen", boot.verdict("vmlinuz").startswith("ok"), boot)
        seen = re.findall(r"^# vmlinuz\| (row .*)$", boot.out, re.MULTILINE)
        yield check("vpc.debian.screen.rows", seen == rows, boot)
        with Terminal("--guest", str(files / "vmlinuz"), "--guest", str(write_initrd(name))) as terminal:
            terminal.wait("cobble>")
            terminal.type(f'run vmlinuz engine=svm mem=64M initrd=initrd.gz cmdline="{QUIET}"\r')
            yield check("vpc.debian.screen.prompt", terminal.wait(rf"(?m){PROMPT}", 120))
            terminal.type("expr 6 '*' 7\r")
            yield Result("vpc.debian.screen.keys", terminal.wait(r"(?m)^42 *$", 30), "\n".join(terminal.screen.display))
            terminal.type("poweroff -f\r")
            yield check("vpc.debian.screen.off", terminal.wait(r"vmlinuz: exit 0", 30))


def ask(terminal, command, answer, limit=LONG_S):
    """Type a command, and wait until a row of the screen is its answer."""
    terminal.type(command + "\r")
    return check(f"vpc.debian.shell.{command.split()[0]}", terminal.wait(rf"(?m)^{answer} *$", limit))


def shell():
    """All the way: unpacks itself, mounts its RAM disk, runs busybox, to which a person talks, and is switched off."""
    files = debian.fetch()
    with tempfile.TemporaryDirectory() as name:
        initrd = write_initrd(name)
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


def disk():
    """Under SVM, with a disk on the IDE channel, whose driver and all that it needs are modules of the RAM disk: all of
    it is read, a sector is written and read back past the cache."""
    files = debian.fetch()
    content = b"".join(struct.pack("<I", number) for number in range(DISK_BYTES // 4))
    with tempfile.TemporaryDirectory() as name:
        image, initrd = pathlib.Path(name) / "disk", pathlib.Path(name) / "initrd.gz"
        image.write_bytes(content)
        initrd.write_bytes(debian.make_initrd((files / "busybox").read_bytes(), DISK_SHELL,
                                              [(file, (files / file).read_bytes()) for file in debian.MODULE_FILES]))
        matches = " ".join(f'match="{match}"' for match in (hashlib.md5(content).hexdigest(), "read back: cobble"))
        boot = run("--guest", files / "vmlinuz", "--autorun",
                   f'vmlinuz engine=svm mem=64M initrd={initrd} disk={image} cmdline="console=ttyS0 quiet" expect=0 '
                   f"timeout=600s {matches}")
    yield check("vpc.debian.disk", boot.verdict("vmlinuz").startswith("ok"), boot)


def memtest():
    """A whole pass on the least memory with which it runs, by each engine. Its last test waits for 160 seconds."""
    file = debian.fetch() / "memtest"
    for engine in ("svm", "interp"):
        with Terminal("--guest", str(file)) as terminal:
            terminal.wait("cobble>")
            terminal.type(f'run memtest engine={engine} mem=6M cmdline="{MEMTEST_LINE}"\r')
            passed = terminal.wait(r"Pass: +1 +Errors: 0 ", LONG_S)
            yield Result(f"vpc.debian.memtest.{engine}", passed, "\n".join(terminal.screen.display))


def tests():
    """Name and function of each test."""
    yield "vpc.debian.starts", starts
    yield "vpc.debian.game", game
    yield "vpc.debian.screen", screen


def slow_tests():
    """Those of scripts/test --slow."""
    yield "vpc.debian.shell", shell
    yield "vpc.debian.disk", disk
    yield "vpc.debian.memtest", memtest
