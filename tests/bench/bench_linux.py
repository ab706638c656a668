"""What it costs to boot Debian's i386 kernel to busybox under SVM, against plain QEMU running the same: instructions of
the whole machine, and exits by kind. Its RAM disk ends the machine by the debug exit, which both have.
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
SHELL = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mkdir -p /tmp
mknod /tmp/port c 1 4
uname -sm
printf '\\052' | dd of=/tmp/port bs=1 seek=244 2>/dev/null
"""
EXIT_GOOD = 42
SAID = "Linux i686"
SHOWN = 15


def under_svm(kernel, initrd, folder):
    """Instructions in all, those of the hypervisor, and exits by kind."""
    config = folder / "exits.cfg"
    config.write_text("log debug\n", encoding="utf-8")
    blocks, out = count_blocks(
        "--config", config, "--guest", kernel, "--autorun",
        f'vmlinuz engine=svm mem=64M initrd={initrd} cmdline="{LINE}" expect={EXIT_GOOD} timeout=500s match="{SAID}"')
    exits = {kind: int(count) for kind, count in re.findall(r"exits: ([A-Za-z ]+) (\d+)$", out, re.MULTILINE)}
    if not set(EXITS) <= set(exits):
        raise BenchError(f"vmlinuz: exits {exits}")
    own = by_function([block for block in blocks if block[0] >= HYPERVISOR_BASE], functions(build.HV_ELF))
    print(*(f"{count:>12,} {name}" for name, count in own.most_common(SHOWN)), sep="\n")
    return sum(count for _, count in blocks), sum(own.values()), exits


def in_plain_qemu(kernel, initrd, folder):
    """Instructions in all, the firmware's included."""
    path, serial = folder / "blocks", folder / "serial"
    command = ["qemu-system-i386", "-M", "pc", "-cpu", PROCESSOR, "-m", "64", "-display", "none", "-no-reboot", "-net",
               "none", "-serial", f"file:{serial}", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-accel", "tcg",
               "-icount", "shift=0,sleep=off", "-kernel", str(kernel), "-initrd", str(initrd), "-append", LINE,
               "-plugin", f"{PLUGIN},out={path},all=on"]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
    if result.returncode != 2 * EXIT_GOOD + 1 or SAID not in serial.read_text(encoding="latin-1"):
        raise BenchError(f"plain QEMU: status {result.returncode}\n{serial.read_text(encoding='latin-1')[-2000:]}")
    return sum(int(line.split()[1]) for line in path.read_text(encoding="utf-8").splitlines())


def measure_linux():
    """Millions of instructions of both, their quotient, and exits by kind."""
    files = debian.fetch()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        initrd = folder / "initrd.gz"
        initrd.write_bytes(debian.make_initrd((files / "busybox").read_bytes(), SHELL))
        total, own, exits = under_svm(files / "vmlinuz", initrd, folder)
        plain = in_plain_qemu(files / "vmlinuz", initrd, folder)
    figures = {"svm": round(total / 1e6), "plain": round(plain / 1e6), "ratio": round(total / plain, 4),
               "hypervisor": round(own / 1e6, 1)}
    return figures | {f"exits_{kind.lower().replace(' ', '_')}": count for kind, count in exits.items()}
