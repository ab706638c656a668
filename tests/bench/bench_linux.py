"""What it costs to boot Debian's i386 kernel to busybox under SVM, against plain QEMU running the same: instructions of
the whole machine, and exits by kind; and what a program's byte to its consoles costs, written by itself. Its RAM disk
ends the machine by the debug exit, which both have.
"""
import pathlib
import re
import subprocess
import tempfile

from bench_profile import HYPERVISOR_BASE, PLUGIN, by_function, count_blocks, functions
from bench_runs import BenchError
from bench_vpc import EXITS
from lib import bench, build
import debian

# Neither looks for what the other has not; how fast the time stamp counter is, is said, as 1 GHz is shift=0.
LINE = ("console=ttyS0 acpi=off pci=off noapic nolapic lpj=4000000 mitigations=off nokaslr noisapnp "
        "cryptomgr.notests quiet")
# What a virtual PC's processor shows, too: hv/vpc/x86/ident.c.
PROCESSOR = "qemu32,-apic,-mtrr,-pat,-sep,-mce,-mca,-pae,-vme,-sse3,-hypervisor,-kvmclock,-x2apic"
START = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mkdir -p /tmp
mknod /tmp/port c 1 4
"""
# ROWS rows of 81 characters and their ends, a byte each time, to a device.
WRITE = """mknod /tmp/to c {device}
i=0
while [ $i -lt {rows} ]; do
    printf '%081d\\n' $i >>/tmp/text
    i=$((i+1))
done
dd if=/tmp/text of=/tmp/to bs=1 2>/dev/null
"""
ROWS, ROW_BYTES = 200, 82
DEVICES = {"null": "1 3", "serial": "4 64", "screen": "4 1"}
END = """uname -sm
printf '\\052' | dd of=/tmp/port bs=1 seek=244 2>/dev/null
"""
EXIT_GOOD = 42
SAID = "Linux i686"
SHOWN = 15


def under_svm(kernel, initrd, folder, line=LINE):
    """Instructions in all, those of the hypervisor, and exits by kind."""
    config = folder / "exits.cfg"
    config.write_text("log debug\n", encoding="utf-8")
    blocks, out = count_blocks(
        "--config", config, "--guest", kernel, "--autorun",
        f'vmlinuz engine=svm mem=64M initrd={initrd} cmdline="{line}" expect={EXIT_GOOD} timeout=500s match="{SAID}"')
    exits = {kind: int(count) for kind, count in re.findall(r"exits: ([A-Za-z ]+) (\d+)$", out, re.MULTILINE)}
    if not set(EXITS) <= set(exits):
        raise BenchError(f"vmlinuz: exits {exits}")
    own = by_function([block for block in blocks if block[0] >= HYPERVISOR_BASE], functions(build.HV_ELF))
    print(*(f"{count:>12,} {name}" for name, count in own.most_common(SHOWN)), sep="\n")
    return sum(count for _, count in blocks), sum(own.values()), exits


def in_plain_qemu(kernel, initrd, folder, line=LINE):
    """Instructions in all, the firmware's included."""
    path, serial = folder / "blocks", folder / "serial"
    command = ["qemu-system-i386", "-M", "pc", "-cpu", PROCESSOR, "-m", "64", "-display", "none", "-no-reboot", "-net",
               "none", "-serial", f"file:{serial}", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-accel", "tcg",
               "-icount", "shift=0,sleep=off", "-kernel", str(kernel), "-initrd", str(initrd), "-append", line,
               "-plugin", f"{PLUGIN},out={path},all=on"]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    if result.returncode != 2 * EXIT_GOOD + 1 or SAID not in serial.read_text(encoding="latin-1"):
        raise BenchError(f"plain QEMU: status {result.returncode}\n{serial.read_text(encoding='latin-1')[-2000:]}")
    return sum(int(line.split()[1]) for line in path.read_text(encoding="utf-8").splitlines())


def write_initrd(files, folder, shell):
    """A RAM disk with this for its first program."""
    initrd = folder / "initrd.gz"
    initrd.write_bytes(debian.make_initrd((files / "busybox").read_bytes(), shell))
    return initrd


def measure_bytes(files, folder):
    """Instructions of a byte to each console, in plain QEMU and under SVM, and exits: those of a boot, without those of
    one that writes as much to nobody."""
    totals = {}
    for device, numbers in DEVICES.items():
        initrd = write_initrd(files, folder, START + WRITE.format(device=numbers, rows=ROWS) + END)
        plain = in_plain_qemu(files / "vmlinuz", initrd, folder, f"console=tty0 {LINE}")
        svm, _, exits = under_svm(files / "vmlinuz", initrd, folder, f"console=tty0 {LINE}")
        totals[device] = plain, svm, exits["in all"]
    figures = {}
    for device in ("serial", "screen"):
        plain, svm, exits = ((total - nobody) / (ROWS * ROW_BYTES)
                             for total, nobody in zip(totals[device], totals["null"]))
        figures |= {f"{device}_plain": round(plain), f"{device}_more": round(svm - plain),
                    f"{device}_byte": round(svm / plain, 2), f"{device}_exits": round(exits, 1)}
    return figures


def measure_linux():
    """Millions of instructions of both, their quotient, and exits by kind; and bytes to the consoles."""
    files = debian.fetch()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        initrd = write_initrd(files, folder, START + END)
        total, own, exits = under_svm(files / "vmlinuz", initrd, folder)
        plain = in_plain_qemu(files / "vmlinuz", initrd, folder)
        by_byte = measure_bytes(files, folder)
    figures = {"svm": round(total / 1e6), "plain": round(plain / 1e6), "ratio": round(total / plain, 4),
               "hypervisor": round(own / 1e6, 1)} | by_byte
    return figures | {f"exits_{kind.lower().replace(' ', '_')}": count for kind, count in exits.items()}
