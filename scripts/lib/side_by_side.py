"""Run tests that boot machines, as many at once as there are processors: QEMU keeps one of them busy."""
import multiprocessing
import os

TESTS = []      # (name, function) of each; what a worker process is told is a number in here


def run_one(number):
    """The results of a test as (name, passed, detail); a driver that broke is a failed test, the others still run."""
    name, function = TESTS[number]
    results = []
    try:
        for result in function():
            results.append((result.name, bool(result.passed), "" if result.passed else str(result.detail)))
    except Exception as error:
        results.append((name, False, repr(error)))
    return results


def run(tests, workers=None):
    """What each of tests, pairs of a name and a function that yields results, found: as they end, in no order.

    They share nothing but processes: what one leaves in a module's variables, only some that come after it see.
    """
    TESTS[:] = tests
    with multiprocessing.get_context("fork").Pool(workers or os.cpu_count()) as pool:
        yield from pool.imap_unordered(run_one, range(len(tests)), chunksize=1)
