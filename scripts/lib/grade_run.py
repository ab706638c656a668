"""Boots of scripts/grade, several at once: what a boot that dies leaves is done again; results are kept."""
import contextlib
import functools
import json
import shlex
import threading
import time

from lib import build, grade_boot, report
from lib.report import SetupError

LOST = {"ok": False, "got": "no verdict: " + grade_boot.ENDED_EARLY, "rows": [], "report": [], "block": {}}
LOST_STATUSES = (report.EXIT_BROKEN, report.EXIT_TIMEOUT)


class Store:
    """Results by their units' keys, one JSON line each, so that a run that was stopped can go on."""

    def __init__(self, path, resume):
        self.path, self.known = path, {}
        if resume and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):      # a last line that was cut off
                    entry = json.loads(line)
                    self.known[entry["key"]] = entry["result"]
        self.file = open(path, "w", encoding="utf-8")
        for key, result in self.known.items():
            self.add(key, result)

    def add(self, key, result):
        self.known[key] = result
        self.file.write(json.dumps({"key": key, "result": result}) + "\n")
        self.file.flush()


class Runner:
    """Works through boots with as many processes as there are jobs."""

    def __init__(self, tests, units, store, jobs, counted, run_boot=grade_boot.run_boot):
        self.tests, self.store, self.counted, self.run_boot = tests, store, counted, run_boot
        self.waiting = grade_boot.split([unit for unit in units if unit.key not in store.known], tests, jobs)
        self.total, self.jobs = len(units), jobs
        self.lock = threading.Condition()
        self.busy = 0
        self.verdicts = {}          # of boots that run: how many there are already
        self.processes, self.stopped, self.fault = set(), False, None
        self.began, self.done_before = time.monotonic(), len({unit.key for unit in units} & set(store.known))

    @contextlib.contextmanager
    def register(self, process):
        """Known while it runs, so that it can be ended."""
        with self.lock:
            self.processes.add(process)
            if self.stopped:
                process.terminate()
        try:
            yield
        finally:
            with self.lock:
                self.processes.discard(process)

    def take(self):
        """The next boot; None: nothing is left."""
        with self.lock:
            while not self.waiting and self.busy and not self.stopped:
                self.lock.wait()
            if self.stopped or not self.waiting:
                return None
            self.busy += 1
            return self.waiting.pop(0)

    def finish(self, units, results, status, err):
        """Keep what has a verdict. The first without one goes alone, once; the others again, together."""
        with self.lock:
            self.busy -= 1
            self.verdicts.pop(id(units), None)
            if self.stopped and len(results) < len(units) and status not in LOST_STATUSES:
                results = results[:-1]      # the block of the last one may be cut off
            for unit, result in zip(units, results):
                self.store.add(unit.key, result)
            left = units[len(results):]
            if left and not self.stopped:
                if status == report.EXIT_SETUP:
                    self.fault, self.stopped = err.strip(), True
                elif len(units) == 1:
                    self.store.add(left[0].key, {**LOST, "report": err.strip().splitlines()[-40:]})
                else:
                    self.waiting += [boot for boot in (left[:1], left[1:]) if boot]
            self.lock.notify_all()

    def work(self):
        while (units := self.take()) is not None:
            try:
                tell = functools.partial(self.verdicts.__setitem__, id(units))
                outcome = self.run_boot(units, self.tests, self.counted, self.register, tell)
            except Exception as error:      # pylint: disable=broad-except
                outcome = [], report.EXIT_SETUP, f"{type(error).__name__}: {error}"
            self.finish(units, *outcome)

    def stop(self):
        with self.lock:
            self.stopped = True
            for process in self.processes:
                process.terminate()
            self.lock.notify_all()

    def run(self, progress):
        """Until all is done, progress(done, total, seconds left) now and then. SetupError when that cannot be."""
        threads = [threading.Thread(target=self.work) for _ in range(self.jobs)]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                time.sleep(0.2)
                progress(self.count_done(), self.total, self.seconds_left())
            progress(self.count_done(), self.total, None)
        finally:
            self.stop()
            for thread in threads:
                thread.join()
        if self.fault:
            raise SetupError(self.fault)

    def count_done(self):
        return len(self.store.known) + sum(list(self.verdicts.values()))

    def seconds_left(self):
        done = self.count_done() - self.done_before
        if done <= 0:
            return None
        return (time.monotonic() - self.began) / done * (self.total - self.done_before - done)


def repeat_command(test, seed):
    """What runs a test again under a seed, exactly."""
    guest = ["--guest", str(test.guest)] if test.guest else []
    name = test.guest.name if test.guest else test.name
    return shlex.join([build.command("run"), "--counted", "--headless", *guest, "--autorun",
                       " ".join([name, *test.words, f"seed={seed}"])])


def collect(tests, units, known):
    """One result for each test; under seeds it is the first failure, and tells which seeds fail."""
    collected = []
    for index, test in enumerate(tests):
        own = [unit for unit in units if unit.index == index and unit.key in known]
        wrong = [unit for unit in own if not known[unit.key]["ok"]]
        result = dict(known[(wrong or own)[0].key]) if own else {**LOST, "got": "not run"}
        seeds = [unit.seed for unit in wrong if unit.seed]
        collected.append({**result, "line": test.line, "student": test.student, "title": test.title,
                          "hidden": test.hidden, "points_max": test.points,
                          "points": test.points if result["ok"] else 0,
                          **({"failing_seeds": seeds, "repeat": repeat_command(test, seeds[0])} if seeds else {})})
    return collected
