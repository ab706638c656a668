"""Boots of the benchmark's guests: each measure_ function boots once or twice and returns its figures."""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile

from harness import RUN, run
from lib import bench, build

GUESTS = build.DIRECTORY / "tests" / "bench"
SHARES_MOST = 32
SHARES_SHORT = 64                   # SHORT of tests/bench/share.c
TSC_MS = 1_000_000                  # under instruction counting
FLOOR_ROWS = 2 + 2 * 9              # that tests/bench/printing.c has the floor print
FRAME_KIB = 4
# What a guest costs must not depend on how many there are. Two share an image: then owners of frames are counted, once.
MEMORY_GUESTS = (1, 2, 33, 64)
MEMORY_MIB = 2048
LARGE_FLAGS = [*bench.FLAGS[:-3], "5G", *bench.FLAGS[-2:]]     # for a guest of 3 GiB that touches it all
ENDLESS = 1 << 64
STOPS_ROUNDS = 2
BOOT_FILES = 200                    # on the boot volume, for the loader
GAPS_GUESTS, GAPS_MS = 200, 8000    # of tests/bench/gaps.c, and how long they look
GAPS_SHORT_GUESTS, GAPS_SHORT_MS = 40, 2000
GAPS_FAIR_KIB, GAPS_HOSTILE_KIB, GAPS_SHORT_KIB = 2048, 3072, 128   # RAM says what a guest is; its SHORT_FRAMES
GAPS_BESIDE, GAPS_PCS = 10, 5       # fair guests, virtual PCs
SHARE = build.DIRECTORY / "tests" / "vpc" / "share.vpc"
GAPS_HOSTILE, GAPS_LARGE = 11, 8    # kinds, and the one that ends with much RAM
GAPS_BUSY_KINDS = {2, 4, 5, 6, 7}   # those that never stop, nor wait for anything
GAPS_ENDED = 3                      # hostile ones that end at once, or soon, and have no turns then
MORE_MEMORY = " mem=24572K"         # with as many pages of records as the default 24 MiB; memory.c then touches more
BOOKKEEPING_BYTES_PER_BLOCK = 76    # of the frame allocator, for 2 MiB of RAM: hv/base/frames.c
CLONES_FLAGS = [*bench.FLAGS[:-3], "1G", *bench.FLAGS[-2:]]
CLONE_FRAME = 12                    # instructions that a clone may take for each touched frame
RECORDS_KIB = 4                     # of the MiB that the guest touches, 16 bytes a frame: what the page allows on top
DIRECTORY_KIB, TABLE_KIB = 24, 8    # and for a cached directory, and for a live 4 MiB and role
# The lines of hv/base/boot_phases.c and hv/irq/timer.c.
BOOT_LINE = re.compile(r"boot: hand-off at TSC (\d+); cycles: loader (\d+), calibration (\d+), all else to the first "
                       r"guest (\d+)$", re.MULTILINE)
PHASES_LINE = re.compile(r"boot: of that (.*)$", re.MULTILINE)
LOADER_LINE = re.compile(r"memory: .* from the loader stay (\d+) KiB for the hypervisor", re.MULTILINE)  # hv/main.c
CLOCK_LINE = re.compile(r"clock: TSC at (\d+) kHz")


class BenchError(Exception):
    """A boot that measured nothing; the text is its end."""


def boot(guest, autoruns, *options, flags=()):
    """Run a guest of tests/bench; the lines it printed."""
    arguments = [word for autorun in autoruns for word in ("--autorun", f"{guest}{autorun} timeout=300s")]
    result = run("--timeout", 600, "--guest", GUESTS / guest, *options, *arguments, "--", *flags)
    if result.status != 0:
        raise BenchError(f"{guest}: status {result.status}\n{result.tail()}")
    return bench.parse_guest(result.out, guest), result


def measure_operations():
    """The table, under instruction counting."""
    return run_operations()[0]


def run_operations():
    """The same, and the run's output."""
    lines, result = boot("bench", [""], flags=bench.FLAGS)
    samples = bench.read_samples(lines)
    if not samples:
        raise BenchError("the benchmark guest did not reach its end")
    warnings = [" ".join(words) for words in lines if words[:1] == ["!"]]
    if warnings:
        raise BenchError("\n".join(warnings))
    for sample in samples.values():
        del sample["median"]
    return bench.derive(samples), result.out


def measure_floor():
    """The floor of each row that has one and the row itself, of one boot of the benchmark's own image."""
    os.environ["COBBLE_EFI"] = str(GUESTS / "cobble_bench.efi")
    try:
        samples, out = run_operations()
    finally:
        del os.environ["COBBLE_EFI"]
    missing = [row.key for row in bench.ROWS if row.floor is not None and f"floor_{row.key}" not in samples]
    if missing:
        raise BenchError(f"the benchmark's image measured no floor of {', '.join(missing)}")
    printed = [line for line in out.splitlines() if re.fullmatch(f"{bench.FLOOR_ROW}x+", line.strip())]
    if len(printed) != FLOOR_ROWS or {len(line.strip()) for line in printed} != {bench.ROW_BYTES - 1}:
        raise BenchError(f"the floor put {len(printed)} of its {FLOOR_ROWS} rows on the serial line")
    return {row.key: {"instructions": samples[row.key]["instructions"],
                      "floor": samples[f"floor_{row.key}"]["instructions"]}
            for row in bench.ROWS if row.floor is not None}


def measure_wall():
    """Medians in nanoseconds without instruction counting, as QEMU's TSC counts them: 1 GHz. For information only."""
    lines, _ = boot("bench", [""], flags=["-vga", "none"])
    samples = bench.read_samples(lines)
    # What is found as a loss of instructions has no meaning here.
    return {key: sample["median"] for key, sample in samples.items()
            if key not in ("tick", "tick_masked", "print_drained")}


def stretches(gaps, ticks):
    """The guest ran in these (start, end), by its notes of when it did not; the last one ends with the phase."""
    begin = 0
    for left, back in gaps:
        if left:                    # 0: others began the phase
            yield begin, min(left, ticks)
        begin = back
        if begin >= ticks:
            return
    yield begin, ticks


def share_figures(guests, ticks, rows, loop):
    """One phase of tests/bench/share.c: the spread of the shares, and what a switch from guest to guest costs.

    rows: of each guest (from, to, CR3 writes, gaps). A gap is longer than what lay between by what is left of the
    loop, on both sides: on the whole one turn of the loop.
    """
    ran = sorted((start, end, number) for number, row in enumerate(rows) for start, end in stretches(row[3], ticks))
    got = [sum(end - start for start, end, number in ran if number == guest) for guest in range(guests)]
    switches, stays = {}, []
    for (_, left, before), (back, _, after) in zip(ran, ran[1:]):
        if back < left:
            raise BenchError(f"guests {before} and {after} of {guests} both ran at {back}")
        if before == after:
            stays.append(back - left - loop)
        else:
            switches[back] = back - left
    since, until, cr3_writes, _ = rows[0]
    seen = sum(since < back <= until for back in switches)
    if guests > 1 and not seen:
        raise BenchError(f"no switch among {guests} guests")
    # What is longer than two holds something else as well, a look at the consoles most likely.
    plain = [cost for cost in switches.values() if cost < 2 * statistics.median(switches.values())]
    mean = ticks / guests
    return {
        "shares": [round(each / mean, 4) for each in got],
        "least": round(min(got) / mean, 4), "most": round(max(got) / mean, 4),
        "switches_per_second": round(len(switches) * 1e9 / ticks),
        "instructions_per_switch": round(statistics.mean(plain) - loop) if plain else None,
        "cr3_per_switch": round(cr3_writes / seen, 3) if seen else None,
        "switches_with_more": len(switches) - len(plain),
        "not_guests": round(1 - sum(got) / ticks, 6),
    }


def measure_shares(short=False):
    """Fairness among 1 to 32 busy guests, and a switch from one to the next; short: fewer phases, and shorter ones."""
    first = 2048 + (SHARES_SHORT * FRAME_KIB if short else 0)
    autoruns = [f" mem={first + FRAME_KIB * number}K clock=wall" for number in range(SHARES_MOST)]
    lines, _ = boot("bench_share", autoruns, "--together", flags=bench.FLAGS)
    loop = next(int(words[2]) for words in lines if words[:2] == ["@", "loop"])
    gaps, phases = {}, {}
    for words in lines:
        if words[:1] == ["~"]:
            times = [int(word, 16) for word in words[3:]]
            gaps.setdefault((words[1], words[2]), []).extend(zip(times[::2], times[1::2]))
        elif words[:1] == ["="]:
            phases.setdefault((int(words[1]), int(words[2])), {})[int(words[3])] = words
    result = {}
    for (guests, milliseconds), found in sorted(phases.items()):
        if sorted(found) != list(range(guests)):
            raise BenchError(f"{guests} guests, but rows of {sorted(found)}")
        rows = []
        for _, words in sorted(found.items()):
            noted = gaps.get((words[1], words[3]), [])
            if len(noted) != int(words[4]) or noted[-1][1] < milliseconds * TSC_MS:
                raise BenchError(f"guest {words[3]} of {guests} did not tell all: {len(noted)} gaps of {words[4]}")
            rows.append((*map(int, words[5:]), noted))
        result[str(guests)] = share_figures(guests, milliseconds * TSC_MS, rows, loop)
    return result


def symbols(elf=build.HV_ELF):
    """Addresses of the hypervisor's symbols by name."""
    lines = subprocess.run(["llvm-nm", str(elf)], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: int(address, 16) for address, _, name in (line.split() for line in lines.splitlines())}


def frames_with(guests, memory=""):
    """Frames in use with so many guests, the pages of RAM that each has touched, and the loader's KiB."""
    lines, result = boot("bench_memory", [memory] * guests, "--together",
                         flags=["-vga", "none", "-m", f"{MEMORY_MIB}M"])
    found = [tuple(map(int, words[2:])) for words in lines if words[:2] == ["@", "frames"]]
    if len(found) != guests or len(set(found)) != 1:
        raise BenchError(f"{guests} guests, but they saw {sorted(set(found))}")
    total, free, pages = found[0]
    loader = LOADER_LINE.search(result.out)
    if not loader:
        raise BenchError(f"the loader's memory is not in the log\n{result.tail(40)}")
    return total - free, pages, int(loader[1])


def tables_figures():
    """KiB of a guest's shadows: of its pool and all else that its first hv_setpd makes, and by what is added."""
    lines, _ = boot("bench_tables", [""], flags=["-vga", "none"])
    words = next(words for words in lines if words[:2] == ["@", "tables"])
    first, directories, for_directories, tables, for_tables, roles, for_roles, dirty, for_dirty, _ = map(int, words[2:])
    by_directory = FRAME_KIB * for_directories / directories
    by_table = FRAME_KIB * for_tables / tables
    # The second role came with one more directory and its first table.
    by_role = (FRAME_KIB * for_roles - by_directory - by_table) / roles
    return {
        "first_setpd": FRAME_KIB * first - DIRECTORY_KIB - TABLE_KIB,
        "directory": by_directory, "table": by_table, "role": by_role,
        "changed_table": FRAME_KIB * for_dirty / dirty,
    }


def measure_memory():
    """KiB of the hypervisor, and of a guest of 24 MiB beside the RAM that it touched and the records of its frames."""
    (one, pages, loader), (two, _, _), (some, _, _), (many, _, _) = map(frames_with, MEMORY_GUESTS)
    _, first, second, third = MEMORY_GUESTS
    by_guest = [FRAME_KIB * ((b - a) / count - pages)
                for a, b, count in ((two, some, second - first), (some, many, third - second))]
    more, more_pages, _ = frames_with(third, MORE_MEMORY)
    tables = tables_figures()
    addresses = symbols()
    image = (addresses["hv_image_end"] - addresses["hv_image_start"]) / 1024
    bookkeeping = BOOKKEEPING_BYTES_PER_BLOCK * MEMORY_MIB / 2 / 1024
    figures = {
        "hypervisor": image + loader + bookkeeping + FRAME_KIB * (one - pages) - by_guest[0],
        "image": image, "loader_leaves": loader,
        "counts": FRAME_KIB * (two - one - pages) - by_guest[0],
        "guest": max(by_guest) - RECORDS_KIB,
        "guest_paging": max(by_guest) - RECORDS_KIB + tables.pop("first_setpd"),
        "touched_page": FRAME_KIB * (more - many) / third / (more_pages - pages),
        "guest_linear": by_guest[1] - by_guest[0],
        **tables,
    }
    return {key: round(value, 1) for key, value in figures.items()}


def measure_first():
    """What the first use of a page costs, by how it comes."""
    lines = boot("bench_first", [""], flags=bench.FLAGS)[0]
    return {words[2]: int(words[3]) for words in lines if words[:2] == ["@", "first"]}


def measure_stops():
    """The longest single hv_setpd, page fault and hv_list that a guest can bring about, in instructions.

    Each guest runs twice. It does the same each time, but the host's interrupts come in other places, and where
    one falls into what takes longest, that is no cost of it: the lesser holds none.
    """
    lines = boot("bench_stops", [" mem=64M", " mem=8M control=on"] * STOPS_ROUNDS, flags=bench.FLAGS)[0]
    found = {}
    for words in lines:
        if words[:2] == ["@", "stop"]:
            found.setdefault(words[2], []).append(int(words[3]))
    if any(len(figures) != STOPS_ROUNDS for figures in found.values()):
        raise BenchError(f"not {STOPS_ROUNDS} of each: {found}")
    return {key: min(figures) for key, figures in found.items()}


def jumps_of(lines):
    """What tests/bench/ends.c's watcher noted, as pairs of a time and a length."""
    words = [int(word, 16) for line in lines if line[:1] == ["~"] for word in line[1:]]
    return list(zip(words[::2], words[1::2]))


def longest(jumps, begin, end):
    """The longest jump that began in a time; none is no answer."""
    return max(length for left, length in jumps if begin <= left < end)


def measure_ends():
    """The longest time in which nobody runs when guests end, in instructions."""
    large = [" mem=2M", " mem=3070M", " mem=32M", " mem=3071M"]
    lines = boot("bench_ends", large, "--together", flags=LARGE_FLAGS)[0]
    jumps = jumps_of(lines)
    works = [(words[2], int(words[3], 16), int(words[4], 16)) for words in lines if words[:2] == ["@", "work"]]
    nexts = [begun for _, begun, _ in works[1:]] + [ENDLESS]
    figures = {key: longest(jumps, done, following) for (key, _, done), following in zip(works, nexts)}
    figures["longest"] = max(figures.values())
    return figures


def measure_clones():
    """What a copy of a guest costs: instructions, the longest time in which nobody else runs, and memory."""
    watched = [" mem=2M", " mem=300M control=on memory=1G"]
    lines = boot("bench_clones", watched, "--together", flags=CLONES_FLAGS)[0]
    figures = {words[2]: int(words[3]) for words in lines if words[:2] == ["@", "clones"]}
    for key, (frames, cost) in zip(("small", "large"),
                                   (map(int, words[2:]) for words in lines if words[:2] == ["@", "clone"])):
        figures |= {f"{key}_frames": frames, key: cost, f"{key}_beyond": cost - CLONE_FRAME * frames}
    lines = boot("bench_clones", [" mem=24M control=on children=80 memory=2G"], flags=bench.FLAGS)[0]
    for key, (frames, own_kib, copies) in zip(("still", "idle"), (map(int, words[2:]) for words in lines
                                                                  if words[:2] == ["@", "memory"])):
        figures[f"memory_{key}"] = round((FRAME_KIB * frames - own_kib) / copies, 1)
    figures |= {words[2]: int(words[3]) for words in lines if words[:2] == ["@", "clones"]}
    for key, (frames, count) in zip(("second", "ninth"), (map(int, words[2:]) for words in lines
                                                          if words[:2] == ["@", "launched"])):
        figures[f"memory_{key}"] = round(FRAME_KIB * frames / count, 1)
    return figures


def gap_figures(lines, sharing, fair, watched_ms, others_tell=True):
    """What tests/bench/gaps.c's fair guests noted: the longest time without the processor in ms, and their shares.

    sharing: guests of which each should have as much. others_tell: the hostile ones say what they had. Some of them end
    or wait, and what they leave all others have: so a guest that is passed over may have its part all the same, and is
    also compared with the mean of the fair ones. The hostile that never stop are, too.
    """
    found = [(int(words[2]), int(words[3])) for words in lines if words[:2] == ["@", "fair"]]
    if len(found) != fair:
        raise BenchError(f"{fair} fair guests, but {len(found)} told what they saw")
    mean = statistics.mean(ran for ran, _ in found)
    hostile = {int(words[2]): int(words[3]) for words in lines if words[:2] == ["@", "hostile"]}
    if sharing > fair and others_tell and not GAPS_BUSY_KINDS <= hostile.keys():
        raise BenchError(f"of the hostile guests only {sorted(hostile)} told how long they ran")
    busy = [ran for kind, ran in hostile.items() if kind in GAPS_BUSY_KINDS]
    share = watched_ms * TSC_MS / sharing
    least, most = (pick(ran for ran, _ in found) / share for pick in (min, max))
    return {"gap": round(max(gap for _, gap in found) / TSC_MS, 2), "lacked": round(100 * (1 - least), 2),
            "beyond": round(100 * (most - 1), 2),
            "off_mean": round(100 * max(abs(ran / mean - 1) for ran, _ in found), 2),
            "hostile_off_mean": round(100 * max((abs(ran / mean - 1) for ran in busy), default=0), 2)}


def run_gaps(fair, hostile, watched_ms, ended=0):
    """Boot so many fair guests, and these hostile ones, of which so many do not count; as gap_figures returns."""
    specs = [word for memory in [*hostile, *[fair[1]] * fair[0]]
             for word in ("--autorun", f"bench_gaps mem={memory}K clock=wall output=64K timeout=300s")]
    result = run("--timeout", 900, "--together", "--guest", GUESTS / "bench_gaps", *specs, "--", *bench.FLAGS,
                 "-m", "1G", limit=1000)
    lines = bench.parse_guest(result.out, "bench_gaps")
    return gap_figures(lines, fair[0] + len(hostile) - ended, fair[0], watched_ms)


def measure_gaps_beside():
    """Fair guests beside busy virtual PCs under SVM (tests/vpc/share.c): what each guest lacks or has beyond its share,
    in percent, and how unlike is what the PCs got done; none of them ends while that is looked at."""
    specs = ['share.vpc engine=svm mem=4M timeout=300s expect=42 cmdline="counts 1"'] * GAPS_PCS
    specs += [f"bench_gaps mem={GAPS_FAIR_KIB + FRAME_KIB}K clock=wall output=64K timeout=300s"] * GAPS_BESIDE
    result = run("--timeout", 900, "--together", "--guest", GUESTS / "bench_gaps", "--guest", SHARE,
                 *(word for spec in specs for word in ("--autorun", spec)), "--", *bench.FLAGS, limit=1000)
    done = [int(count) for count in re.findall(r"^# share.vpc\| done (\d+)$", result.out, re.MULTILINE)]
    if len(done) != GAPS_PCS:
        raise BenchError(f"{GAPS_PCS} virtual PCs, but {len(done)} told what they did\n{result.tail(40)}")
    lines = bench.parse_guest(result.out, "bench_gaps")
    figures = gap_figures(lines, GAPS_BESIDE + GAPS_PCS, GAPS_BESIDE, GAPS_SHORT_MS, others_tell=False)
    return {key: figures[key] for key in ("gap", "lacked", "beyond")} | {
        "unlike": round(100 * (1 - min(done) / max(done)), 2)}


def hostile_memory(base_kib):
    """RAM of each kind of hostile guest, in KiB."""
    memory = [base_kib + FRAME_KIB * kind for kind in range(GAPS_HOSTILE)]
    memory[GAPS_LARGE] = 65536
    return memory


def measure_gaps():
    """How long a busy guest waits among 200 and what it gets, alone among its like and beside eleven hostile ones."""
    alike = run_gaps((GAPS_GUESTS, GAPS_FAIR_KIB), [], GAPS_MS)
    hostile = run_gaps((GAPS_GUESTS - GAPS_HOSTILE, GAPS_FAIR_KIB), hostile_memory(GAPS_HOSTILE_KIB), GAPS_MS)
    figures = {"gap_alike": alike["gap"], "lacked_alike": alike["lacked"], "beyond_alike": alike["beyond"]}
    return figures | {"gap_hostile": hostile["gap"], "lacked_hostile": hostile["lacked"],
                      "off_mean": hostile["off_mean"], "hostile_off_mean": hostile["hostile_off_mean"]}


def measure_gaps_short():
    """The same beside hostile ones, of fewer guests that look for a shorter time."""
    return run_gaps((GAPS_SHORT_GUESTS - GAPS_HOSTILE, GAPS_FAIR_KIB + FRAME_KIB),
                    hostile_memory(GAPS_HOSTILE_KIB + GAPS_SHORT_KIB), GAPS_SHORT_MS, GAPS_ENDED)


def loader_with_files(count):
    """Instructions of the loader with so many files of 8 KiB on the boot volume, the firmware's share in them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, f"g{number}.elf") for number in range(count)]
        for path in paths:
            shutil.copy(build.GUESTS / "hello", path)
        result = run("--timeout", 600, *(word for path in paths for word in ("--guest", path)), "--autorun", "hello",
                     "--", *bench.FLAGS, limit=700)
    found = BOOT_LINE.search(result.out)
    if not found:
        raise BenchError(f"the boot with {count} files is not in its log\n{result.tail()}")
    return int(found[2])


def measure_boot():
    """Instructions from the loader's start to a guest's first instruction, by phase, of the image as it is shipped.

    The phases are the hypervisor's own log; the end is the guest's own first look at the TSC, so that nothing that the
    hypervisor does after its last look, the log lines themselves and host interrupts, is left out.
    """
    lines, result = boot("bench_memory", [""], flags=bench.SCREEN_FLAGS)
    found, phases, clock = (pattern.search(result.out) for pattern in (BOOT_LINE, PHASES_LINE, CLOCK_LINE))
    if not (found and phases and clock):
        raise BenchError(f"the boot's phases are not in its log\n{result.tail(40)}")
    handoff, loader, calibration, rest = map(int, found.groups())
    high, low = next(map(int, words[2:]) for words in lines if words[:2] == ["@", "launch"])
    total = (high << 32 | low) - handoff - calibration
    if total <= rest:
        raise BenchError(f"the log says {rest} cycles to the first guest instruction, the guest {total}")
    figures = {"total": total, "calibration_ms": round(calibration / int(clock[1]), 3), "loader": loader}
    for phase in phases[1].split(", "):
        name, _, cycles = phase.rpartition(" ")
        figures[name] = int(cycles)
    figures["log"] = total - rest
    # The firmware polls its disk: a host that is slow to read adds to it, and takes nothing away.
    figures["loader_files"] = min(loader_with_files(BOOT_FILES) for _ in range(2))
    return figures
