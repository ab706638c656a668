"""Where instructions go: of Pebbles' whole test suite, and of guests that sleep. Counted by a plugin for QEMU."""
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
IDLE_GUESTS = (1, 200)
IDLE_MEMORY = ("2M", "2052K")           # of a short sleeper and of a long one: tests/bench/idle.c
IDLE_MACHINE = "2G"
IDLE_WAKE = "figures_idle_wake"         # hv/monitor/loop_figures.c: runs once a wake-up, straight on
TICKS_PER_SECOND = 100


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
    """Instructions from each address on, since the hypervisor was entered, none of idle time; and the run's output."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "blocks"
        result = run("--timeout", 600, *options, "--", *flags, "-plugin", f"{PLUGIN},out={path}")
        if result.status != 0 or not path.exists():
            raise BenchError(f"{options}: status {result.status}\n{result.tail()}")
        lines = path.read_text(encoding="utf-8").splitlines()
    return [(int(address, 16), int(count)) for address, count in map(str.split, lines)], result.out


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
    return profile_figures(count_blocks("--autorun", SUITE)[0], functions(build.HV_ELF), functions(PEBBLES))


def flood_total(mebibytes, flags):
    """What the hypervisor executes in a boot of a guest that prints so many thousand rows."""
    blocks, _ = count_blocks("--guest", GUESTS / "flood", "--autorun",
                             f"flood mem={mebibytes}M output=100M timeout=300s", flags=flags)
    return sum(count for address, count in blocks if address >= HYPERVISOR_BASE)


def measure_flood():
    """Instructions of the hypervisor a row of 80 bytes, until the line has it, with and without a screen."""
    few, many = FLOOD_MIB
    rows = 1000 * (many - few)
    return {key: round((flood_total(many, flags) - flood_total(few, flags)) / rows)
            for key, flags in (("serial", bench.FLAGS), ("screen", bench.SCREEN_FLAGS))}


def straight_length(elf, name):
    """Instructions of a function that has no branches."""
    out = subprocess.run(["llvm-objdump", "-d", "--no-show-raw-insn", f"--disassemble-symbols={name}", str(elf)],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = [line.split()[1] for line in out.splitlines() if line.startswith("ffff") and len(line.split()) > 1
             and not line.rstrip().endswith(">:")]
    if "retq" not in lines or any(word.startswith("j") for word in lines):
        raise BenchError(f"{name} has branches, or is not there")
    return lines.index("retq") + 1


def sleep(guests, memory):
    """So many guests that sleep: instructions of the machine, ticks of all guests, times that the machine woke."""
    autorun = f"bench_idle mem={memory} clock=run timeout=300s"
    blocks, out = count_blocks("--together", "--guest", GUESTS / "bench_idle", *["--autorun", autorun] * guests,
                               flags=[*bench.FLAGS, "-m", IDLE_MACHINE])
    ticks = [int(words[2]) for words in bench.parse_guest(out, "bench_idle") if words[:2] == ["@", "idle"]]
    if len(ticks) != guests:
        raise BenchError(f"{guests} guests, but {len(ticks)} told how many ticks they had")
    woken = by_function([block for block in blocks if block[0] >= HYPERVISOR_BASE], functions(build.HV_ELF))[IDLE_WAKE]
    return sum(count for _, count in blocks), sum(ticks), woken / straight_length(build.HV_ELF, IDLE_WAKE)


def measure_idle():
    """What a tick of a sleeping guest costs, alone and among many, and how often many wake the machine."""
    figures = {}
    for guests in IDLE_GUESTS:
        short, long = (sleep(guests, memory) for memory in IDLE_MEMORY)
        instructions, ticks, wakes = (after - before for before, after in zip(short, long))
        figures[f"tick_{guests}"] = round(instructions / ticks)
        figures[f"wakes_{guests}"] = round(wakes / (ticks / guests) * TICKS_PER_SECOND)
    return figures
