"""Boots of the benchmark's guests: each measure_ function boots once or twice and returns its figures."""
import os
import pathlib
import statistics
import subprocess
import tempfile

from harness import RUN, run
from lib import bench, build
from lib.gdbstub import GdbStub

GUESTS = build.DIRECTORY / "tests" / "bench"
SHARES_MOST = 32
FRAME_KIB = 4
MEMORY_GUESTS = 33
BOOKKEEPING_BYTES_PER_BLOCK = 76    # of the frame allocator, for 2 MiB of RAM: hv/base/frames.c
MACHINE_MIB = 256
BOOT_INFO_MAGIC = 0x454C42424F430001     # hv/boot_info.h, and where its TSC readings are
TSC_ENTRY_OFFSET, TSC_HANDOFF_OFFSET = 200, 208
CALIBRATION = 3 * 1_600_000             # instructions: hv/irq/calibrate.c waits for three runs of 1.6 ms


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
    lines, _ = boot("bench", [""], flags=bench.FLAGS)
    samples = bench.read_samples(lines)
    if not samples:
        raise BenchError("the benchmark guest did not reach its end")
    warnings = [" ".join(words) for words in lines if words[:1] == ["!"]]
    if warnings:
        raise BenchError("\n".join(warnings))
    for sample in samples.values():
        del sample["median"]
    return bench.derive(samples)


def measure_floor():
    """The floor of some rows and these rows themselves, of one boot of the benchmark's own image."""
    os.environ["COBBLE_EFI"] = str(GUESTS / "cobble_bench.efi")
    try:
        samples = measure_operations()
    finally:
        del os.environ["COBBLE_EFI"]
    keys = [key for key in samples if f"floor_{key}" in samples]
    if not keys:
        raise BenchError("the benchmark's image has no floor handlers")
    return {key: {"instructions": samples[key]["instructions"], "floor": samples[f"floor_{key}"]["instructions"]}
            for key in keys}


def measure_wall():
    """Medians in nanoseconds without instruction counting, as QEMU's TSC counts them: 1 GHz. For information only."""
    lines, _ = boot("bench", [""], flags=["-vga", "none"])
    samples = bench.read_samples(lines)
    # What is found as a loss of instructions has no meaning here.
    return {key: sample["median"] for key, sample in samples.items()
            if key not in ("tick", "tick_masked", "print_drained")}


def share_figures(guests, milliseconds, rows, chunk):
    """One phase of tests/bench/share.c: the spread of the shares, and what a switch costs."""
    chunks = [row[0] for row in rows]
    mean = sum(chunks) / len(chunks)
    switches = statistics.median(row[1] for row in rows)
    stolen = milliseconds * 1_000_000 - sum(chunks) * chunk
    return {
        "shares": [round(count / mean, 4) for count in chunks],
        "least": round(min(chunks) / mean, 4), "most": round(max(chunks) / mean, 4),
        "switches_per_second": round(1000 * switches / milliseconds),
        "instructions_per_switch": round(stolen / switches) if switches else None,
    }


def measure_shares():
    """Fairness among 1 to 32 busy guests."""
    autoruns = [f" mem={2048 + FRAME_KIB * number}K" for number in range(SHARES_MOST)]
    lines, _ = boot("bench_share", autoruns, "--together", flags=bench.FLAGS)
    chunk = next(int(words[2]) for words in lines if words[:2] == ["@", "chunk"])
    phases = {}
    for words in lines:
        if words[:1] == ["="]:
            guests, milliseconds, number, *row = map(int, words[1:])
            phases.setdefault((guests, milliseconds), {})[number] = row
    result = {}
    for (guests, milliseconds), rows in sorted(phases.items()):
        if sorted(rows) != list(range(guests)):
            raise BenchError(f"{guests} guests, but rows of {sorted(rows)}")
        result[str(guests)] = share_figures(guests, milliseconds, [rows[i] for i in range(guests)], chunk)
    return result


def symbols():
    """Addresses of the hypervisor's symbols by name."""
    lines = subprocess.run(["llvm-nm", str(build.HV_ELF)], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: int(address, 16) for address, _, name in (line.split() for line in lines.splitlines())}


def frames_with(guests):
    """Frames in use with so many guests, and the pages of RAM that each has touched."""
    lines, _ = boot("bench_memory", [""] * guests, "--together", flags=["-vga", "none"])
    found = [tuple(map(int, words[2:])) for words in lines if words[:2] == ["@", "frames"]]
    if len(found) != guests or len(set(found)) != 1:
        raise BenchError(f"{guests} guests, but they saw {sorted(set(found))}")
    total, free, pages = found[0]
    return total - free, pages


def measure_memory():
    """KiB of the hypervisor, and of a guest of 24 MiB beside the RAM that it has touched."""
    one, pages = frames_with(1)
    many, _ = frames_with(MEMORY_GUESTS)
    guest_frames = (many - one) / (MEMORY_GUESTS - 1) - pages
    table = symbols()
    image_kib = (table["hv_image_end"] - table["hv_image_start"]) / 1024
    bookkeeping_kib = BOOKKEEPING_BYTES_PER_BLOCK * MACHINE_MIB / 2 / 1024
    frames_kib = FRAME_KIB * (one - guest_frames - pages)
    return {
        "hypervisor (goal 1,024, never above 2,048)": round(image_kib + bookkeeping_kib + frames_kib),
        "of that its image with stacks": round(image_kib),
        "each guest of 24 MiB beside the RAM it touched, paging off (goal 64 + 96)": round(FRAME_KIB * guest_frames),
    }


def boot_times(stub):
    """TSC when the loader began, jumped to the hypervisor, and when that had calibrated its clock.

    Read at a guest's first hv_counters: QEMU's clock jumps when the machine stops, so nothing later may be used.
    """
    table = symbols()
    stub.run_to(table["call_counters"])
    info = stub.read_u64(table["boot"])
    if stub.read_u64(info) != BOOT_INFO_MAGIC:
        raise BenchError("no boot_info where hv/platform.c keeps its address")
    return (stub.read_u64(info + TSC_ENTRY_OFFSET), stub.read_u64(info + TSC_HANDOFF_OFFSET),
            stub.read_u64(table["tsc_start"]))


def measure_boot():
    """Instructions from the loader's start to a guest's first instruction, by phase, of the image as it is shipped."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "gdb"
        command = [str(RUN), "--headless", "--timeout", "300", "--guest", str(GUESTS / "bench_memory"), "--autorun",
                   "bench_memory timeout=200s", "--", *bench.FLAGS, "-S", "-gdb", f"unix:{path},server=on,wait=off"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            with GdbStub(path) as stub:
                entry, handoff, calibrated = boot_times(stub)
        finally:
            out = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode != 0:
        raise BenchError(out)
    high, low = next(map(int, words[2:]) for words in bench.parse_guest(out, "bench_memory")
                     if words[:2] == ["@", "launch"])
    launch = high << 32 | low
    return {
        "loader, files on the boot volume and ExitBootServices included": handoff - entry,
        "hand-off to the calibrated clock": calibrated - handoff,
        "of that calibration: three runs of 1.6 ms": CALIBRATION,
        "calibrated clock to the guest's first instruction": launch - calibrated,
        "hand-off to the guest without calibration (goal 5,000,000, never above 10,000,000)":
            launch - handoff - CALIBRATION,
    }
