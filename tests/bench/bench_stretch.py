"""The longest stretch in which the hypervisor lets no interrupt in: counted by a plugin for QEMU."""
import pathlib
import tempfile

from bench_profile import by_function, functions, measure_flood
from bench_runs import GUESTS, BenchError, symbols
from harness import run
from lib import bench, build

PLUGIN = GUESTS / "stretch.so"
PRINTS = GUESTS / "bench_prints"


def plugin(path):
    """QEMU's arguments."""
    addresses = symbols()
    return ["-plugin", f"{PLUGIN},out={path},launch={addresses['guest_create']:x},"
            f"first={addresses['trap_from_hv']:x},end={addresses['iretq_refused']:x}"]


def longest(specs, *options, flags=bench.FLAGS):
    """Boot these autoruns: (instructions of the longest stretch, how many were launched by then, its functions)."""
    arguments = [word for spec in specs for word in ("--autorun", spec)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "stretch"
        result = run("--timeout", 900, *options, *arguments, "--", *flags, *plugin(path), limit=1000)
        if not path.exists() or "# cobble: done" not in result.out:
            raise BenchError(f"status {result.status}\n{result.tail(40)}")
        lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    blocks = [(int(words[1], 16), int(words[2])) for words in lines if words[0] == "block"]
    after = {int(words[1]): int(words[2]) for words in lines if words[0] == "after"}
    most, launches = next((int(words[1]), int(words[2])) for words in lines if words[0] == "most")
    return most, launches, by_function(blocks, functions(build.HV_ELF)), after


def prints_stretch():
    """Of tests/bench/prints.c."""
    return longest([PRINTS.name], "--guest", PRINTS)[0]


def measure_prints():
    """The same, and what a row of a flood costs."""
    return {"stretch": prints_stretch(), **measure_flood()}
