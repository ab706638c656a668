"""Where the instructions go while Pebbles runs its whole test suite: counted, not sampled, by a plugin for QEMU."""
import bisect
import collections
import pathlib
import subprocess
import tempfile

from bench_runs import GUESTS, BenchError
from harness import run
from lib import bench, build

PLUGIN = GUESTS / "profile.so"
PEBBLES = build.GUESTS / "pebbles" / "kernel" / "pebbles"
SUITE = r'pebbles timeout=300s clock=run type="suite\nhalt $?\n"'
HYPERVISOR_BASE = 0xFFFFFFFF80000000    # hv/hv.ld
GUEST_BASE = 0x1000000                  # of a guest's segments: docs/abi.md "Launch"
PROGRAMS = 0x1000000                    # guestfs/pebbles/include/pebbles/abi.h: above is a program, below the kernel
SEARCHES = "rmap_protect"               # hv/pagetable/rmap.c
SHOWN = 12
FLOOD_MIB = 2, 6                        # of tests/bench/flood.c, which prints as many thousand rows


def functions(elf):
    """Addresses of an image's functions, in order, and their names."""
    out = subprocess.run(["llvm-nm", "--numeric-sort", str(elf)], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = [(int(address, 16), name) for address, kind, name in map(str.split, out.splitlines()) if kind in "tT"]
    return [address for address, _ in found], [name for _, name in found]


def by_function(blocks, functions_of_image):
    """Instructions by function, from pairs of an address and a count."""
    addresses, names = functions_of_image
    counts = collections.Counter()
    for address, count in blocks:
        counts[names[bisect.bisect(addresses, address) - 1]] += count
    return counts


def count_blocks(*options, flags=bench.FLAGS):
    """Instructions from each address on, since the hypervisor was entered; time that the processor idled is in none."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "blocks"
        result = run("--timeout", 600, *options, "--", *flags, "-plugin", f"{PLUGIN},out={path}")
        if result.status != 0 or not path.exists():
            raise BenchError(f"{options}: status {result.status}\n{result.tail()}")
        lines = path.read_text(encoding="utf-8").splitlines()
    return [(int(address, 16), int(count)) for address, count in map(str.split, lines)]


def profile_figures(blocks, hypervisor, kernel):
    """Instructions in all, the parts of it in percent, and the functions that take most; see functions()."""
    own = by_function([block for block in blocks if block[0] >= HYPERVISOR_BASE], hypervisor)
    kernels = by_function([(address - GUEST_BASE, count) for address, count in blocks
                           if address < GUEST_BASE + PROGRAMS], kernel)
    total = sum(count for _, count in blocks)
    own_total, kernel_total = sum(own.values()), sum(kernels.values())

    def percent(count):
        return round(100 * count / total, 2)

    return {
        "total": total, "hypervisor": percent(own_total), "searches": percent(own[SEARCHES]),
        "others": percent(own_total - own[SEARCHES]),
        "kernel": percent(kernel_total), "programs": percent(total - own_total - kernel_total),
        "hypervisor_functions": {name: percent(count) for name, count in own.most_common(SHOWN)},
        "kernel_functions": {name: percent(count) for name, count in kernels.most_common(SHOWN)},
    }


def measure_pebbles():
    """The suite in one boot of the image as it is shipped."""
    return profile_figures(count_blocks("--autorun", SUITE), functions(build.HV_ELF), functions(PEBBLES))


def flood_total(mebibytes, flags):
    """What the hypervisor executes in a boot of a guest that prints so many thousand rows."""
    blocks = count_blocks("--guest", GUESTS / "flood", "--autorun", f"flood mem={mebibytes}M output=100M timeout=300s",
                          flags=flags)
    return sum(count for address, count in blocks if address >= HYPERVISOR_BASE)


def measure_flood():
    """Instructions of the hypervisor a row of 80 bytes, until the line has it, with and without a screen."""
    few, many = FLOOD_MIB
    rows = 1000 * (many - few)
    return {key: round((flood_total(many, flags) - flood_total(few, flags)) / rows)
            for key, flags in (("serial", bench.FLAGS), ("screen", bench.SCREEN_FLAGS))}
