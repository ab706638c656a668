"""What a guest costs when it is one of many: tests/bench/scale.c beside 1 to 1,000 of its like."""
import pathlib
import tempfile

from bench_runs import BOOT_LINE, FRAME_KIB, GUESTS, BenchError
from bench_stretch import plugin, read_stretches, stretches_and_output
from harness import run
from lib import bench, bench_figures

GUEST = GUESTS / "bench_scale"
CROWD = GUESTS / "bench_crowd"
CROWD_PARTS = 1000                  # of tests/bench/crowd.c: frames beyond 2 MiB that tell a guest's place
CROWD_HAVER = "1000M"               # who has the memory
MESSAGES = "ask_all"                # of the look in which all get one: hv/guest/balloon.c
MESSAGE_LEAST = 10                  # instructions that it takes for each
WATCHED_TICKS = 50                  # WATCH_MS of scale.c, at 100 Hz
SLEEPER_KIB, WATCHER_KIB = 2048, 2052
SECONDS = 1500
LOOK, LAUNCH = "service_look", "launch_step"


def boot(sleepers):
    """The lines that guests printed, the TSC where the loader and calibration were done, and the longest stretches."""
    memory = [WATCHER_KIB, *[SLEEPER_KIB] * sleepers]
    specs = [word for kib in memory for word in ("--autorun", f"{GUEST.name} mem={kib}K clock=wall timeout=300s")]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "stretch"
        result = run("--timeout", SECONDS, "--together", "--guest", GUEST, *specs, "--", *bench.FLAGS, "-m", "1G",
                     *plugin(path, "interrupt"), limit=SECONDS + 60)
        found = BOOT_LINE.search(result.out)
        if result.status != 0 or not found or not path.exists():
            raise BenchError(f"{sleepers} sleepers: status {result.status}\n{result.tail()}")
        return (bench.parse_guest(result.out, GUEST.name), int(found[1]) + int(found[3]),
                read_stretches(path.read_text(encoding="utf-8").splitlines()))


def look_of(stretches):
    """The longest look that launched nobody."""
    return max(each.instructions for each in stretches[0] if LOOK in each.functions and LAUNCH not in each.functions)


def scale_figures(sleepers, lines, start, alone):
    """What scale.c printed: KiB and instructions for each sleeper, beside the watcher alone; of that, what it saw."""
    began = [int(words[2]) << 32 | int(words[3]) for words in lines if words[:2] == ["@", "began"]]
    watched = [list(map(int, words[2:])) for words in lines if words[:2] == ["@", "watched"]]
    if len(began) != sleepers + 1 or len(watched) != 1:
        raise BenchError(f"{sleepers} sleepers, but {len(began)} said when they began, and {len(watched)} watched")
    missed, _, free = watched[0]
    if sleepers == 0:
        return {"missed": missed, "free": free, "took": max(began) - start}
    return {f"memory_{sleepers}": round(FRAME_KIB * (alone["free"] - free) / sleepers, 1),
            f"launch_{sleepers}": round((max(began) - start - alone["took"]) / sleepers),
            f"tick_{sleepers}": round((missed - alone["missed"]) / sleepers / WATCHED_TICKS)}


def crowd_places(count):
    """The least, the most, the second least and so on, of CROWD_PARTS: each between all before it."""
    return [CROWD_PARTS // count * (number // 2 if number % 2 == 0 else count - 1 - number // 2)
            for number in range(count)]


def measure_crowd(count):
    """The longest look in which so many sleepers get a message, each to be put in a queue between all the others."""
    specs = [f"{CROWD.name} mem={CROWD_HAVER}", *(f"{CROWD.name} mem={SLEEPER_KIB + FRAME_KIB * place}K control=on"
                                                   for place in crowd_places(count))]
    options = [word for spec in specs for word in ("--autorun", f"{spec} clock=wall timeout=300s")]
    found, out = stretches_and_output("--together", "--guest", CROWD, *options, flags=[*bench.FLAGS, "-m", "1G"])
    told = [int(words[2]) for words in bench.parse_guest(out, CROWD.name) if words[:2] == ["@", "crowd"]]
    if len(told) != count or 0 in told:
        raise BenchError(f"of {count} sleepers {len(told)} told of their messages, {told.count(0)} had none")
    looks = [each.instructions for each in found[0] if each.functions[MESSAGES] >= MESSAGE_LEAST * count]
    if not looks:
        raise BenchError(f"{count} sleepers, and no look in which all had a message")
    return max(looks)


def measure_scale():
    """What a guest costs, by how many there are."""
    lines, start, _ = boot(0)
    alone, figures = scale_figures(0, lines, start, None), {}
    for sleepers in bench_figures.SCALE:
        lines, start, stretches = boot(sleepers)
        figures |= scale_figures(sleepers, lines, start, alone)
        figures[f"look_{sleepers}"] = look_of(stretches)
    for sleepers in bench_figures.SCALE_CROWDS:
        figures[f"crowd_{sleepers}"] = measure_crowd(sleepers)
    return figures
