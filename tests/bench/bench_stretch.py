"""The longest stretch in which the hypervisor lets no interrupt in: counted by a plugin for QEMU."""
import collections
import dataclasses
import pathlib
import re
import tempfile

import bench_pauses
from bench_profile import by_function, functions, measure_flood
from bench_runs import GUESTS, BenchError, symbols
import machines
from harness import run
from lib import bench, build
from lib.report import say

PLUGIN = GUESTS / "stretch.so"
PRINTS = GUESTS / "bench_prints"
LAUNCHED = GUESTS / "bench_ends"    # with such RAM it ends at once, or sleeps first: tests/bench/ends.c
LARGE = GUESTS / "bench_large"      # 8 MiB and 20,000 names: tests/bench/large.c
SLEEPER = GUESTS / "bench_crowd"
LAUNCHES, TIMEOUTS = 202, 48
LARGE_IMAGE, LARGE_MEMORY = 60, 120     # launched before that one, and before one of 3 GiB
MACHINE = build.DIRECTORY / "tests" / "vpc" / "hello.vpc"
MACHINES = range(150, 158)              # virtual PCs: each takes much memory of its own
LEAST_BATCHES = 5                   # else they were not launched while others wanted to run
BOOT_SECONDS = 1500
BATCH = 50                          # guests a boot: more take long to end
SHOWN = 8                           # functions of a stretch
SPINS = "500ms"                     # how long those may that spin until their time is up


def plugin(path, until):
    """QEMU's arguments."""
    addresses = symbols()
    return ["-plugin", f"{PLUGIN},out={path},until={until},launch={addresses['guest_join']:x},"
            f"first={addresses['trap_from_hv']:x},end={addresses['iretq_refused']:x}"]


@dataclasses.dataclass
class Stretch:
    """One in which no interrupt could come in."""
    instructions: int
    launches: int           # guests that had been launched by its end
    functions: collections.Counter

    def __str__(self):
        parts = ", ".join(f"{name} {count:,}" for name, count in self.functions.most_common(SHOWN))
        return f"{self.instructions:,} after {self.launches} launches: {parts}"


def read_stretches(lines):
    """What the plugin wrote: the longest of each kind, the longest of all first, and the longest by launches."""
    found, after = [], {}
    addresses = functions(build.HV_ELF)
    for kind, *words in map(str.split, lines):
        if kind == "stretch":
            found.append((int(words[0]), int(words[1]), []))
        elif kind == "block":
            found[-1][2].append((int(words[0], 16), int(words[1])))
        else:
            after[int(words[0])] = int(words[1])
    found.sort(key=lambda each: -each[0])
    return [Stretch(length, launches, by_function(blocks, addresses)) for length, launches, blocks in found], after


def stretches_and_output(*options, flags=bench.FLAGS, until="interrupt", environment=None):
    """Run this plan, whatever its verdicts: as read_stretches returns, and what the run printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "stretch"
        result = run("--timeout", BOOT_SECONDS, *options, "--", *flags, *plugin(path, until), limit=BOOT_SECONDS + 60,
                     environment=environment)
        if not path.exists() or "# cobble: done" not in result.out:
            raise BenchError(f"status {result.status}\n{result.tail(40)}")
        return read_stretches(path.read_text(encoding="utf-8").splitlines()), result.out


def stretches(*options, **others):
    """The same without the output. until="guest": in which nobody ran."""
    return stretches_and_output(*options, **others)[0]


def prints_stretch():
    """Of tests/bench/prints.c."""
    return stretches("--guest", PRINTS, "--autorun", PRINTS.name)[0][0].instructions


def manifest_batches(most):
    """The guests of the manifest, so many a boot; none that uses up a machine, or is for a test of its own."""
    guests = [guest for guest in machines.read_manifest() if guest.heading not in ("counted", "soak") and
              guest.name not in machines.OVERCOMMITS]
    return [guests[first:first + most] for first in range(0, len(guests), most)]


def shortened(spec):
    """A line of the plan."""
    return re.sub(r"\btimeout=\d+s\b", f"timeout={SPINS}", spec) if " expect=timeout" in spec else spec


def stretch_of_batch(guests, environment=None):
    """The longest stretches of these together, each named by what it was made of."""
    specs = [word for guest in guests for word in ("--autorun", shortened(guest.spec))]
    return stretches("--together", *specs, environment=environment)[0]


def measure_longest():
    """Of all test guests, in as many boots as it takes."""
    found, batches = [], manifest_batches(BATCH)
    with bench_pauses.environment() as environment:
        for number, batch in enumerate(batches, 1):
            say(f"boot {number} of {len(batches)}: {batch[0].name} to {batch[-1].name}")
            found += stretch_of_batch(batch, environment)
    found.sort(key=lambda stretch: -stretch.instructions)
    return {"suite": found[0].instructions, "made_of": [str(stretch) for stretch in found[:SHOWN]]}


def launch_figures(after):
    """From the longest time in which nobody ran, by how many had been launched then."""
    batches = {launched: length for launched, length in after.items() if 0 < launched < LAUNCHES}
    memory = min((launched for launched in batches if launched > LARGE_MEMORY), default=None)
    if memory is None or LARGE_IMAGE not in batches or len(batches) < LEAST_BATCHES or \
            not any(launched - 1 in MACHINES for launched in batches):
        raise BenchError(f"guests ran between the launches only after {sorted(batches)}")
    machines = [batches.pop(launched) for launched in sorted(batches) if launched - 1 in MACHINES]
    return {"memory": batches.pop(memory), "image": batches.pop(LARGE_IMAGE), "machines": max(machines),
            "together": max(batches.values())}


def measure_launches():
    """How long nobody runs when guests are launched: 200 of a few MiB together, among them two that are large and some
    that are virtual PCs, in a row."""
    specs = [f"{LAUNCHED.name} mem=3M"] * LAUNCHES
    specs[LARGE_MEMORY] = f"{LAUNCHED.name} mem=3070M"
    specs[LARGE_IMAGE] = LARGE.name
    for number in MACHINES:
        specs[number] = f"{MACHINE.name} engine=interp mem=2M"
    options = [word for spec in specs for word in ("--autorun", spec)]
    guests = [word for path in (LAUNCHED, LARGE, MACHINE) for word in ("--guest", path)]
    after = stretches("--together", *guests, *options, until="guest")[1]
    return {**launch_figures(after), "timeouts": timeouts_stretch()}


def timeouts_stretch():
    """Of the looks in which the time of many guests is up, who sleep: tests/bench/crowd.c before anybody wakes them."""
    spec = f"{SLEEPER.name} mem=2M timeout=1s expect=timeout"
    specs = ["--autorun", spec] * TIMEOUTS
    found, out = stretches_and_output("--together", "--guest", SLEEPER, *specs)
    if out.count("# timeout after") != TIMEOUTS:
        raise BenchError(f"not all of {TIMEOUTS} guests ran until their time was up")
    return max(each.instructions for each in found[0] if "guest_end_timeout" in each.functions)


def measure_prints():
    """The same, and what a row of a flood costs."""
    return {"stretch": prints_stretch(), **measure_flood()}
