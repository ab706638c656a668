"""scripts/grade: plans, boots and what is made of their streams, boots that die, and the reports."""
import contextlib
import json
import pathlib
import tempfile
import threading
import unittest
import xml.etree.ElementTree as xml

from lib import grade_boot, grade_pages, grade_plan, grade_report, grade_run, report
from lib.report import SetupError

STREAM = """TAP version 13
1..3
# Cobble 0
# a| Hello
# a? debug
ok 1 - a # exit 0 in 3 ms
# b| ok 2 - b # exit 0 in 3 ms
# b! crash: #DE
not ok 2 - b
  ---
  expected: exit 0
  got: crash 0xdeadc0de
  reason: "#DE at 0"
  differences: |
    |row 1 expected: x
  console: |
    |ok 3 - c
    |  ...
  ...
not ok 3 - c # refused: not an ELF file
"""
RESULT = {"ok": True, "got": "exit 0 in 3 ms", "rows": ["r"], "report": [], "block": {}}


def read(text, folder="/nowhere"):
    return grade_plan.read_plan(text, pathlib.Path(folder))


class PlanTest(unittest.TestCase):
    def test_words(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "bob x").mkdir()
            for path in ("bob x/my kernel#1.elf", "want it"):
                (folder / path).write_bytes(b"x")
            tests = read('# nothing\n\n"bob x/my kernel#1.elf" mem=30M expect=7 points=2.5 match="a \\"b" match!=c\\\\n'
                         ' console="want it" hidden\nhello student="A. B" title=t shown  # why', folder)
            first, second = tests
            self.assertEqual((first.line, first.student, first.points, first.hidden), (3, "bob x", 2.5, True))
            self.assertEqual(first.words, ["mem=30M", "expect=7", 'match="a \\042b"',
                                           'match!="c\\012"', f'console="{folder}/want it"'])
            self.assertEqual((first.name, first.autorun.memory_bytes), ("3-my_kernel_1.elf", 30 << 20))
            self.assertEqual(first.autorun.console, folder / "want it")
            self.assertEqual((second.guest, second.name, second.student, second.title), (None, "hello", "A. B", "t"))

    def test_wrong(self):
        for text, words in (("", "no test"), ("# x", "no test"), ("a/b", "line 1"), ("hello\nhello points=x", "line 2"),
                            ("hello points=-1", "points"), ("hello colour=red", "student="), ("hello mem=x", "mem="),
                            ('hello "x', "line 1"), ("hello console=x", "no such file"),
                            ("hello match=\\\\q", "escape")):
            with self.subTest(text=text), self.assertRaises(ValueError) as raised:
                read(text)
            self.assertIn(words, str(raised.exception))

    def test_seeds(self):
        tests = read("hello\nhello seed=5\nhello")
        units = grade_plan.make_units(tests, 3)
        self.assertEqual([(unit.index, unit.seed) for unit in units],
                         [(0, 1), (0, 2), (0, 3), (1, 0), (2, 1), (2, 2), (2, 3)])
        self.assertEqual([unit.spec for unit in units[2:4]], ["hello seed=3", "hello seed=5"])
        self.assertNotEqual(units[3].key, grade_plan.make_units(tests, 0)[1].key)
        self.assertEqual(len({unit.key for unit in units}), len(units))
        moved = grade_plan.make_units(read("\nkeys\nhello"), 3)      # lines move, work stays the same
        self.assertEqual([unit.key for unit in moved[3:]], [unit.key for unit in units[:3]])


class BootTest(unittest.TestCase):
    def test_results(self):
        first, second, third = grade_boot.read_results(STREAM)
        self.assertEqual((first["ok"], first["got"], first["rows"]), (True, "exit 0 in 3 ms", ["Hello", "debug"]))
        self.assertEqual((second["ok"], second["got"], second["report"]), (False, "crash 0xdeadc0de", ["crash: #DE"]))
        self.assertEqual(second["block"]["differences"], ["row 1 expected: x"])
        self.assertEqual(second["block"]["console"], ["ok 3 - c", "  ..."])
        self.assertEqual((third["got"], third["rows"]), ("refused: not an ELF file", []))

    def test_a_floods_end_is_kept(self):
        rows = "".join(f"# a| row {i}\n" for i in range(grade_boot.ROWS_MAX + 10))
        rows += "# a: 9 rows dropped, more\n# a: | the last\nok 1 - a # exit 0 in 3 ms\n"
        result, = grade_boot.read_results(rows)
        self.assertEqual((result["rows"][0], result["rows"][-2:]), ("row 0", ["row 2009", "the last"]))
        told = [row for row in result["rows"] if row.startswith("...")]
        self.assertEqual(told, ["... 11 rows are left out here ..."])

    def test_a_stream_that_ends_anywhere(self):
        for length in range(len(STREAM)):
            self.assertLessEqual(len(grade_boot.read_results(STREAM[:length])), 3)

    def test_why_it_died(self):
        self.assertEqual(grade_boot.last_words("TAP version 13\n# a| Bail out! x\nBail out! panic: y\n", "at z\n"),
                         "Bail out! panic: y\nat z\n")

    def test_split(self):
        tests = read("hello\n" * 250)
        units = grade_plan.make_units(tests, 0)
        self.assertEqual([len(boot) for boot in grade_boot.split(units, tests, 2)], [125, 125])
        self.assertEqual([len(boot) for boot in grade_boot.split(units[:200], tests, 1)], [200])
        self.assertEqual([len(boot) for boot in grade_boot.split(units[:5], tests, 2)], [3, 2])
        tests = read(f"hello match={'x' * 3000}\n" * 25)
        boots = grade_boot.split(grade_plan.make_units(tests, 0), tests, 1)
        self.assertEqual([len(boot) for boot in boots], [9, 9, 7])
        self.assertEqual(grade_boot.memory_mib(boots[0], read("hello mem=1G\n" * 25)), 256 + 1024 + 128)


class RunTest(unittest.TestCase):
    """Boots that are no machines: one that has a guest named in deadly dies there."""

    def run_plan(self, text, deadly=(), resume=False, folder=None, status=report.EXIT_BROKEN, jobs=2):
        tests = read(text)
        units = grade_plan.make_units(tests, 0)
        self.boots, lock = [], threading.Lock()

        def run_boot(units, tests, counted, register, tell):
            names = [tests[unit.index].title for unit in units]
            with lock:
                self.boots.append(names)
            alive = next((i for i, name in enumerate(names) if name in deadly), len(names))
            return [dict(RESULT)] * alive, 0 if alive == len(names) else status, "what it said\n"

        with tempfile.TemporaryDirectory() if folder is None else contextlib.nullcontext(folder) as place:
            store = grade_run.Store(pathlib.Path(place, "results"), resume)
            grade_run.Runner(tests, units, store, jobs, False, run_boot).run(lambda *_: None)
            store.file.close()
        return grade_run.collect(tests, units, store.known)

    PLAN = "".join(f"g{i} title=g{i}\n" for i in range(10))

    def test_all_run(self):
        results = self.run_plan(self.PLAN)
        self.assertEqual(sorted(map(len, self.boots)), [5, 5])
        self.assertEqual([result["title"] for result in results], [f"g{i}" for i in range(10)])
        self.assertTrue(all(result["ok"] and result["points"] == 1 for result in results))

    def test_a_boot_that_dies_costs_its_own_test(self):
        results = self.run_plan(self.PLAN, deadly=("g3", "g4", "g9"))
        self.assertEqual([result["title"] for result in results if not result["ok"]], ["g3", "g4", "g9"])
        self.assertIn(["g3"], self.boots)
        self.assertEqual(results[3]["report"], ["what it said"])

    def test_a_set_up_that_fails_ends_it(self):
        with self.assertRaises(SetupError) as raised:
            self.run_plan(self.PLAN, deadly=("g3",), status=report.EXIT_SETUP, jobs=1)
        self.assertIn("what it said", str(raised.exception))

    def test_resume(self):
        with tempfile.TemporaryDirectory() as folder:
            self.run_plan(self.PLAN, folder=folder)
            path = pathlib.Path(folder, "results")
            path.write_text("".join(path.read_text().splitlines(True)[:4]) + '{"key": "cut o')
            results = self.run_plan(self.PLAN, folder=folder, resume=True)
            self.assertEqual((sum(map(len, self.boots)), sum(result["ok"] for result in results)), (6, 10))
            self.run_plan(self.PLAN, folder=folder, resume=True)
            self.assertEqual(self.boots, [])
            self.run_plan(self.PLAN, folder=folder)
            self.assertEqual(sum(map(len, self.boots)), 10)

    def test_seeds_that_fail(self):
        tests = read("hello points=2")
        units = grade_plan.make_units(tests, 4)
        known = {unit.key: {**RESULT, "ok": unit.seed not in (2, 3)} for unit in units}
        result, = grade_run.collect(tests, units, known)
        self.assertEqual((result["ok"], result["points"], result["failing_seeds"]), (False, 0, [2, 3]))
        self.assertEqual(result["repeat"], "scripts/run --counted --headless --autorun 'hello seed=2'")


class ReportTest(unittest.TestCase):
    def make(self):
        results = grade_boot.read_results(STREAM)
        more = {"line": 1, "points_max": 2, "hidden": False}
        return [{**results[0], **more, "student": "A & <b>", "title": "one # ok", "points": 2},
                {**results[1], **more, "student": "index", "title": "two\n", "points": 0, "failing_seeds": [4],
                 "repeat": "again"},
                {**results[2], **more, "student": "A & <b>", "title": "three", "points": 0, "hidden": True,
                 "rows": ["secret\x01"]}]

    def test_tap(self):
        lines = grade_report.tap(self.make()).splitlines()
        self.assertEqual(lines[:3], ["TAP version 13", "1..3", "ok 1 - A ? ?b?: one ? ok # 2 of 2 points"])
        self.assertIn("not ok 2 - index: two? # 0 of 2 points", lines)
        self.assertIn("  differences: |", lines)
        self.assertEqual(lines[-1], "# 2 of 6 points, 1 of 3 ok")
        self.assertEqual(sum(line.startswith(("ok", "not ok")) for line in lines), 3)

    def test_junit(self):
        root = xml.fromstring(grade_report.junit(self.make()).encode())
        self.assertEqual([suite.get("failures") for suite in root], ["1", "1"])
        self.assertEqual(root[0][0].get("name"), "one # ok")
        self.assertIn("crash: #DE", root[1][0].find("failure").text)

    def test_pages(self):
        files = grade_pages.pages(self.make())
        self.assertEqual(sorted(files), ["A____b_.html", "index.html", "index_.html"])
        self.assertIn("A &amp; &lt;b&gt;", files["index.html"])
        self.assertIn("row 1 expected: x", files["index_.html"])
        self.assertNotIn("secret", files["A____b_.html"])
        self.assertNotIn("not an ELF", files["A____b_.html"])

    def test_json(self):
        self.assertEqual(json.loads(json.dumps(self.make()))[2]["got"], "refused: not an ELF file")
