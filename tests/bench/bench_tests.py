"""The table of docs/performance.md, measured again: limits, events and growth against the committed figures."""
import bench_runs
from harness import Result
from lib import bench


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


def tests():
    """Name and function of each test."""
    yield "bench.rows", rows
