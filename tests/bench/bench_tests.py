"""The table of docs/performance.md, measured again: limits, events and growth against the committed figures."""
import re

import bench_profile
import bench_runs
import bench_stretch
import bench_vpc
from harness import Result
from lib import bench, bench_figures, build

SOME_OF = 24                        # one of so many test guests


def rows():
    """One boot under instruction counting; one result a row."""
    try:
        samples = bench_runs.measure_operations()
    except bench_runs.BenchError as error:
        yield Result("bench.boot", False, str(error))
        return
    committed = bench.read_committed().get("rows", {})
    for row in bench.ROWS:
        problems = list(bench.judge(row, samples, committed))
        yield Result(f"bench.{row.key}", not problems, "\n".join(problems))


def part(name, measure):
    """A part whose figures have limits of their own; one result a figure."""
    def measured():
        try:
            figures = measure()
        except bench_runs.BenchError as error:
            yield Result(f"bench.{name}", False, str(error))
            return
        problems = {}
        for key, text in bench.judge_figures(name, figures, bench.read_committed().get(name, {})):
            problems.setdefault(key, []).append(text)
        for figure in bench_figures.FIGURES[name]:
            if figure.limit is not None:
                texts = problems.get(figure.key, [])
                yield Result(f"bench.{name}.{figure.key}", not texts, "\n".join(texts))
    return measured


def image():
    """The floor's handlers are in the benchmark's own image, and in no other."""
    sources = (build.ROOT / "tests" / "bench" / "floor").glob("*.S")
    handlers = {name for source in sources for line in re.findall(r"\.globl (.*)", source.read_text(encoding="utf-8"))
                for name in line.split(", ")}
    hv, own = build.HV_ELF.parent, bench_runs.GUESTS / "hv_bench.elf"
    for efi, inside, elf, expected in ((build.DIRECTORY / "efi" / "cobble.efi", hv / "hv.stripped.elf", build.HV_ELF,
                                        set()), (bench_runs.GUESTS / "cobble_bench.efi", own, own, handlers)):
        found = handlers & set(bench_runs.symbols(elf))
        right = handlers and found == expected and inside.read_bytes() in efi.read_bytes()
        yield Result(f"bench.image.{efi.stem}", bool(right), f"{inside} in {efi}; of the floor: {sorted(found)}")


def shares():
    """Some numbers of busy guests, for a shorter time than scripts/bench has them run; one result a number."""
    try:
        figures = bench_runs.measure_shares(short=True)
    except bench_runs.BenchError as error:
        yield Result("bench.shares", False, str(error))
        return
    committed = bench.read_committed().get("shares", {})
    for count, found in figures.items():
        problems = list(bench.judge_shares(count, found, committed))
        yield Result(f"bench.shares.{count}", not problems, "\n".join(problems))


def prints():
    """The longest stretch that printing makes. A flood's figures take four boots more: scripts/bench has them."""
    try:
        figures = {"stretch": bench_stretch.prints_stretch()}
    except bench_runs.BenchError as error:
        yield Result("bench.prints.stretch", False, str(error))
        return
    committed = bench.read_committed().get("prints", {})
    problems = [text for key, text in bench.judge_figures("prints", figures, committed) if key in figures]
    yield Result("bench.prints.stretch", not problems, "\n".join(problems))


def longest():
    """The longest stretch while some of the test guests run together: scripts/bench longest has all of them."""
    guests = [guest for batch in bench_stretch.manifest_batches(SOME_OF) for guest in batch[:1]]
    limit = bench_figures.FIGURES["longest"][0].limit
    try:
        found = bench_stretch.stretch_of_batch(guests)
    except bench_runs.BenchError as error:
        yield Result("bench.longest", False, str(error))
        return
    yield Result("bench.longest", found[0].instructions <= limit, "\n".join(map(str, found)))


def gaps():
    """What 29 fair guests get beside eleven hostile ones, and how long they wait; scripts/bench gaps has 200."""
    try:
        figures = bench_runs.measure_gaps_short()
    except bench_runs.BenchError as error:
        yield Result("bench.gaps", False, str(error))
        return
    guests = bench_runs.GAPS_SHORT_GUESTS - bench_runs.GAPS_ENDED
    longest_ms = guests + bench_figures.GAPS_BEYOND_MS      # a turn is one
    yield Result("bench.gaps.longest", figures["gap"] <= longest_ms, f"{figures}: at most {longest_ms} ms")
    yield Result("bench.gaps.share", figures["lacked"] <= bench_figures.GAPS_LACKED_LIMIT,
                 f"{figures}: at most {bench_figures.GAPS_LACKED_LIMIT} %")
    for key in "off_mean", "hostile_off_mean":
        yield Result(f"bench.gaps.{key}", figures[key] <= bench_figures.GAPS_OFF_LIMIT,
                     f"{figures}: at most {bench_figures.GAPS_OFF_LIMIT} %")


def tests():
    """Name and function of each test."""
    yield "bench.image", image
    yield "bench.rows", rows
    yield "bench.shares", shares
    yield "bench.boot", part("boot", bench_runs.measure_boot)
    yield "bench.first", part("first", bench_runs.measure_first)
    yield "bench.stops", part("stops", bench_runs.measure_stops)
    yield "bench.prints", prints
    yield "bench.idle", part("idle", bench_profile.measure_idle)
    yield "bench.ends", part("ends", bench_runs.measure_ends)
    yield "bench.clones", part("clones", bench_runs.measure_clones)
    yield "bench.launches", part("launches", bench_stretch.measure_launches)
    yield "bench.longest", longest
    yield "bench.gaps", gaps
    yield "bench.gaps_beside", part("gaps_beside", bench_runs.measure_gaps_beside)
    yield "bench.memory", part("memory", bench_runs.measure_memory)
    yield "bench.vpc", part("vpc", bench_vpc.measure_vpc)
    yield "bench.svm", part("svm", bench_vpc.measure_svm)
