"""The benchmark's judgement: limits, known exceptions, events and growth."""
import collections
import contextlib
import io
import pathlib
import runpy
import struct
import sys
import tempfile
import types
import unittest
from unittest import mock
from xml.etree import ElementTree

import bench_pauses
import bench_profile
import bench_runs
import bench_scale
import bench_stretch
import bench_strings
import machines
from lib import bench, bench_figures, bench_page, build, figure, report

ROW = bench.Row("magic", "hv_magic", 6, 15, 30, {"cr3_writes": 0, "port_in+port_out": 2})


def sample(instructions, **events):
    return {"instructions": instructions, "events": {**dict.fromkeys(bench.EVENTS, 0), **events}}


def judge(value, before=None, known=None, **events):
    """The problems of one row, in a world where only it exists."""
    with mock.patch.object(bench, "KNOWN", known or {}):
        before = value if before is None else before
        return list(bench.judge(ROW, {"magic": sample(value, **events)}, {"magic": sample(before)}))


def guest_image(code):
    """An ELF32 image with this code at 0x1000."""
    header = struct.pack("<4sB11xHHIIIIIHHHHHH", b"\x7fELF", 1, 2, 3, 1, 0x1000, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    return header + struct.pack("<8I", bench_pauses.LOAD, 84, 0x1000, 0x1000, len(code), len(code), 5, 4096) + code


class PausesTest(unittest.TestCase):
    """Test guests that spin by NOP."""
    def replace(self, image, *guests):
        """without_pauses, of files with this content and, by what was read out of a listing, these addresses."""
        with tempfile.TemporaryDirectory() as folder:
            addresses = {}
            for number, (elf, found) in enumerate(guests):
                path = pathlib.Path(folder) / str(number)
                path.write_bytes(elf)
                addresses[path] = found
            with mock.patch.object(bench_pauses, "pause_addresses", addresses.get):
                return bench_pauses.without_pauses(image, addresses)

    def test_only_instructions_are_replaced(self):
        spins = guest_image(b"\xf3\x90\xeb\xfc\xb8\xf3\x90\x00\x00")        # the second is half an operand
        works, elsewhere = guest_image(b"\xb8\xf3\x90\x00\x00"), guest_image(b"\xf3\x90\xc3")
        image = b"\xf3\x90" + works + b"123" + spins + b"\xf3\x90"
        changed, count = self.replace(image, (works, []), (spins, [0x1000]), (elsewhere, [0x1000]),
                                      (b"a text, \xf3\x90", [0x1000]))
        self.assertEqual(count, 1)
        self.assertEqual(changed, b"\xf3\x90" + works + b"123" + spins[:84] + b"\x90\x90" + spins[86:] + b"\xf3\x90")

    def test_an_address_without_one_is_an_error(self):
        spins = guest_image(b"\xf3\x90\xeb\xfc")
        with self.assertRaises(bench_runs.BenchError):
            self.replace(spins, (spins, [0x1001]))

    def test_addresses_are_those_of_the_listing(self):
        listing = "00001000 <spin>:\n    1000:      \tpause\n    1002:      \tjmp\t0x1000 <pause>\n  10f0:\tpause\n"
        with mock.patch.object(bench_pauses.subprocess, "run", return_value=types.SimpleNamespace(stdout=listing)):
            self.assertEqual(bench_pauses.pause_addresses("spins"), [0x1000, 0x10F0])


class JudgeTest(unittest.TestCase):
    def test_limit(self):
        self.assertEqual(judge(30), [])
        self.assertIn("never above 30", judge(31)[0])

    def test_known_may_stay_but_not_grow(self):
        self.assertEqual(judge(400, known={"magic": 400}), [])
        self.assertEqual(judge(408, 408, known={"magic": 400}), [])
        self.assertIn("above the known 400", judge(409, 409, known={"magic": 400})[0])

    def test_what_waits_for_the_host_may_vary(self):
        figures = [bench_figures.Figure("plain", "", 10, 20), bench_figures.Figure("waits", "", 10, 20, True)]
        with mock.patch.dict(bench_figures.FIGURES, {"part": figures}):
            found = list(bench.judge_figures("part", {"plain": 15, "waits": 15}, {"plain": 10, "waits": 10}))
            self.assertEqual([key for key, _ in found], ["plain"])
            found = list(bench.judge_figures("part", {"plain": 9, "waits": 21}, {"plain": 10, "waits": 10}))
            self.assertEqual([key for key, _ in found], ["waits"])

    def test_what_is_left_of_a_whole_grows_by_its_size(self):
        figures = [bench_figures.Figure("left", "", 20_000, 20_000, part_of="whole")]
        with mock.patch.dict(bench_figures.FIGURES, {"part": figures}):
            for left, wanted in ((-17_762, []), (-2_800, []), (-2_700, ["left"])):
                found = list(bench.judge_figures("part", {"left": left}, {"left": -18_224, "whole": 771_376}))
                self.assertEqual([key for key, _ in found], wanted)
            found = list(bench.judge_figures("part", {"left": 20_001}, {"left": 19_990, "whole": 771_376}))
            self.assertEqual([key for key, _ in found], ["left"])

    def test_known_shrinks(self):
        self.assertIn("take it off", judge(30, known={"magic": 400})[0])

    def test_events(self):
        self.assertEqual(judge(20, port_in=1, port_out=1), [])
        self.assertIn("magic.cr3_writes", judge(20, cr3_writes=0.01)[0])
        self.assertIn("magic.port_in+port_out", judge(20, port_in=1, port_out=1.5)[0])

    def test_growth_needs_both(self):
        self.assertEqual(judge(22, 20), [])
        self.assertIn("was 20", judge(23, 20)[0])
        self.assertFalse(bench.grew(1019, 1000))
        self.assertTrue(bench.grew(1021, 1000))
        self.assertFalse(bench.grew(10, 1000))

    def test_growth_below_zero(self):
        self.assertFalse(bench.grew(-35619, -35686))
        self.assertTrue(bench.grew(-34900, -35686))
        self.assertFalse(bench.grew(-36500, -35686))

    def test_growth_of_ratios(self):
        self.assertFalse(bench.grew(1.02, 1.0, "x"))
        self.assertTrue(bench.grew(1.021, 1.0, "x"))
        self.assertFalse(bench.grew(1.000102, 1.0001, "slowdown"))
        self.assertTrue(bench.grew(1.0001021, 1.0001, "slowdown"))

    def test_missing(self):
        self.assertEqual(list(bench.judge(ROW, {}, {})), ["magic was not measured"])
        self.assertIn("not in docs/performance.json", list(bench.judge(ROW, {"magic": sample(1)}, {}))[0])


class StatusTest(unittest.TestCase):
    """What scripts/bench exits with, and says, when it measures such figures of a part."""
    GOOD = {"touch_off": 640, "copy": 1500, "adjust_unused": 120}

    def bench(self, figures, *options):
        said, committed = [], bench.read_committed() | {"first": self.GOOD}
        with contextlib.ExitStack() as world, self.assertRaises(SystemExit) as end:
            for thing, name, value in (
                    (sys, "argv", ["scripts/bench", "first", *options]), (sys, "path", list(sys.path)),
                    (sys, "stdout", io.StringIO()), (build, "ensure", lambda: None), (report, "say", said.append),
                    (bench, "read_committed", lambda: committed), (bench_runs, "measure_first", lambda: figures),
                    (pathlib.Path, "write_text", lambda *_, **__: None)):
                world.enter_context(mock.patch.object(thing, name, value))
            runpy.run_path(str(build.ROOT / "scripts" / "bench"), run_name="__main__")
        return end.exception.code, said[1:]     # the first line is what is being measured

    def test_what_is_above_is_the_status(self):
        self.assertEqual(self.bench(self.GOOD), (0, []))
        status, said = self.bench({**self.GOOD, "touch_off": 901, "copy": 2001})
        self.assertEqual((status, said[0], said[2]), (1, "first.touch_off is 901, never above 900",
                                                      "first.copy is 2001, never above 2000"))
        self.assertEqual(self.bench({"touch_off": 640, "copy": 1500}), (1, ["first.adjust_unused was not measured"]))

    def test_growth_is_until_it_is_written(self):
        grown = {**self.GOOD, "copy": 1600}
        self.assertEqual(self.bench(grown), (1, ["first.copy is 1600, was 1500: docs/performance.json"]))
        self.assertEqual(self.bench(grown, "--write"), (0, ["first.copy is 1600, was 1500: docs/performance.json"]))
        self.assertEqual(self.bench({**grown, "copy": 2001}, "--write")[0], 1)

    def test_each_part_has_its_judge(self):
        share = {"least": 0.9, "most": 1.0, "instructions_per_switch": 400, "cr3_per_switch": 1}
        figures = {"rows": {}, "shares": {"8": share}, "wall": {}, "first": {}}
        found = list(bench.judge_parts(figures, figures, figures))
        self.assertEqual(len(found), len(bench.ROWS) + 1 + len(self.GOOD))


class SharesTest(unittest.TestCase):
    FIGURES = {"least": 0.97, "most": 1.03, "instructions_per_switch": 400, "cr3_per_switch": 1}

    def judge(self, count="8", before=None, **figures):
        found = {**self.FIGURES, **figures}
        return list(bench.judge_shares(count, found, {count: before or found}))

    def test_limits(self):
        self.assertEqual(self.judge(), [])
        self.assertEqual(self.judge(instructions_per_switch=600), [])
        for bad, wanted in (({"least": 0.9699}, "got 0.9699"), ({"most": 1.0301}, "got 1.0301"),
                            ({"instructions_per_switch": 601}, "never above 600"),
                            ({"cr3_per_switch": 1.01}, "never above 1"),
                            ({"instructions_per_switch": None}, "not measured")):
            text, = self.judge(**bad)
            self.assertIn(wanted, text)

    def test_growth(self):
        self.assertEqual(self.judge(before={"instructions_per_switch": 393}), [])
        text, = self.judge(before={"instructions_per_switch": 392})
        self.assertIn("was 392", text)
        text, = bench.judge_shares("8", self.FIGURES, {})
        self.assertIn("not in docs/performance.json", text)

    def test_one_alone_has_no_switches(self):
        self.assertEqual(self.judge("1", instructions_per_switch=None, cr3_per_switch=None), [])
        self.assertIn("has switches", self.judge("1")[0])

    def test_notes_become_a_timeline(self):
        """A runs, B runs, a tick of B's, A runs to the end; the loop of 10 is in every gap."""
        notes_a, notes_b = [(100, 600), (1000, 1010)], [(0, 150), (300, 370), (500, 1100)]
        self.assertEqual(list(bench_runs.stretches(notes_a, 1000)), [(0, 100), (600, 1000)])
        self.assertEqual(list(bench_runs.stretches(notes_b, 1000)), [(150, 300), (370, 500)])
        found = bench_runs.share_figures(2, 1000, [(0, 700, 2, notes_a), (0, 700, 2, notes_b)], 10)
        self.assertEqual((found["instructions_per_switch"], found["cr3_per_switch"]), (65, 1))
        self.assertEqual((found["least"], found["most"], found["not_guests"]), (0.56, 1.0, 0.22))
        self.assertEqual(found["switches_with_more"], 0)

    def test_a_look_is_no_switch(self):
        notes = [[(100, 5000), (5100, 10000)], [(0, 200), (4000, 5200), (9000, 10100)]]
        rows = [(0, 10000, 4, each) for each in notes]
        found = bench_runs.share_figures(2, 10000, rows, 0)
        self.assertEqual((found["instructions_per_switch"], found["switches_with_more"]), (100, 1))

    def test_cr3_writes_are_those_of_the_switches_between(self):
        """The first guest read the counter at 100 and at 400: the switch back to it at 600 came later."""
        rows = [(100, 400, 2, [(100, 600), (1000, 1010)]), (0, 1000, 9, [(0, 150), (500, 1100)])]
        self.assertEqual(bench_runs.share_figures(2, 1000, rows, 10)["cr3_per_switch"], 2)

    def test_two_cannot_run_at_once(self):
        with self.assertRaises(bench_runs.BenchError):
            bench_runs.share_figures(2, 1000, [(0, 9, 1, [(500, 1000)]), (0, 9, 1, [(0, 400)])], 10)


class ProfileTest(unittest.TestCase):
    def test_whose_instructions(self):
        """By address: the hypervisor's, the guest kernel's below user memory, programs' above; then by function."""
        own, base = bench_profile.HYPERVISOR_BASE, bench_profile.GUEST_BASE
        blocks = [(own + 0x10, 20), (own + 0x14, 5), (own + 0x20, 15), (base + 0x100000, 10), (base + 0x1FF, 2),
                  (base + bench_profile.PROGRAMS, 48)]
        found = bench_profile.profile_figures(blocks, ([own, own + 0x20], ["first", bench_profile.SEARCHES]),
                                              ([0x100, 0x100000], ["low", "main"]))
        self.assertEqual((found["total"], found["hypervisor"], found["searches"], found["others"], found["kernel"],
                          found["programs"]), (100, 40, 15, 25, 12, 48))
        self.assertEqual(found["hypervisor_functions"], {"first": 25, bench_profile.SEARCHES: 15})
        self.assertEqual(found["kernel_functions"], {"main": 10, "low": 2})

    def test_goal_without_limit(self):
        """A figure above its goal that has no limit is shown without a verdict."""
        figures = [bench_figures.Figure("hypervisor", "in %", 8), bench_figures.Figure("searches", "in %", 0)]
        with mock.patch.dict(bench_figures.FIGURES, pebbles=figures):
            rows = list(bench_page.figures_table("pebbles", {"hypervisor": 40.75, "searches": 0}))
        self.assertTrue(rows[2].endswith("| 40.75 | 8 | - |  |"))
        self.assertTrue(rows[3].endswith("| goal met |"))


class ScaleTest(unittest.TestCase):
    ALONE = [["@", "watched", "50", "500000000", "1000"], ["@", "began", "0", "900"]]
    TWO = [["@", "watched", "60050", "500000000", "960"], ["@", "began", "0", "800"], ["@", "began", "0", "5000"],
           ["@", "began", "0", "2900"]]

    def test_each_pays_its_part(self):
        alone = bench_scale.scale_figures(0, self.ALONE, 100, None)
        self.assertEqual(bench_scale.scale_figures(2, self.TWO, 200, alone),
                         {"memory_2": 80, "launch_2": 2000, "tick_2": 600})

    def test_all_must_have_told(self):
        with self.assertRaises(bench_runs.BenchError):
            bench_scale.scale_figures(3, self.TWO, 0, {})

    def test_a_look_that_launches_is_another_row(self):
        def stretch(length, *functions):
            return bench_stretch.Stretch(length, 1, collections.Counter(functions))
        found = [stretch(900, "service_look", "launch_step"), stretch(800, "trap_from_guest"),
                 stretch(300, "service_look"), stretch(200, "service_look")]
        self.assertEqual(bench_scale.look_of((found, {})), 300)

    def test_exits_are_those_between_two_moments(self):
        """The plugin's last column; what is between two marks is nobody's."""
        rows = [("system call", "1000", "47000"), ("sector read", "50", "9")]
        moments = [(0, 0, 0, 7), (1, 0, 0, 7), (2, 0, 0, 20), (3, 0, 0, 520)]
        self.assertEqual(bench_strings.exits_of(rows, moments), {"system call": 0, "sector read": 10})

    def test_places_where_exits_are_counted(self):
        """One function that asks for the time, one VMRUN; more or none of either is an error."""
        says = {"llvm-nm": "00100230 t now\n00100300 T nowhere\n",
                "llvm-objdump": "  90: \tclgi\n  93: \tvmrun\n  96: \tmovq\t(%rsp), %rax\n"}
        with mock.patch.object(bench_strings, "listing", lambda tool, *_: says[tool]):
            self.assertEqual(bench_strings.exit_places("marks.vpc"), ["mark 00100230 00100230", "exit 96 96"])
            for tool, wrong in (("llvm-nm", "00100300 T nowhere\n"), ("llvm-objdump", says["llvm-objdump"] * 2)):
                with mock.patch.dict(says, {tool: wrong}), self.assertRaises(bench_runs.BenchError):
                    bench_strings.exit_places("marks.vpc")

    def test_an_interrupt_is_in_one_of_two_rounds(self):
        lines = [["@", "stop", "fault", "4035"], ["@", "stop", "setpd", "9"], ["@", "stop", "fault", "2100"],
                 ["@", "stop", "setpd", "11"]]
        with mock.patch.object(bench_runs, "boot", lambda *_, **__: (lines, None)):
            self.assertEqual(bench_runs.measure_stops(), {"fault": 2100, "setpd": 9})
        with mock.patch.object(bench_runs, "boot", lambda *_, **__: (lines[:-1], None)):
            with self.assertRaises(bench_runs.BenchError):
                bench_runs.measure_stops()


class PageTest(unittest.TestCase):
    def test_figures_of_a_part(self):
        """Over the limit, grown, or not there; what has no limit may be anything."""
        good = {figure.key: figure.goal or 0 for figure in bench_figures.FIGURES["boot"]}
        self.assertEqual(list(bench.judge_figures("boot", good, good)), [])
        for bad, wanted in (({**good, "calibration_ms": 10.1}, "never above 10"),
                            ({**good, "total": 5_200_000}, "was 5000000"),
                            ({key: value for key, value in good.items() if key != "cpu"}, "cpu was not measured")):
            (_, text), = bench.judge_figures("boot", bad, good)
            self.assertIn(wanted, text)
        self.assertEqual(list(bench.judge_figures("boot", {**good, "loader": 10**9}, good)), [])

    def test_samples(self):
        lines = bench.parse_guest("# other| = x 1 2\n# bench| = magic 200 33000 33400 0 0 1 0 200 0\n# bench| @ end\n",
                                  "bench")
        found = bench.read_samples(lines)["magic"]
        self.assertEqual((found["instructions"], found["median"]), (165, 167))
        self.assertEqual(found["events"], {**dict.fromkeys(bench.EVENTS, 0), "port_in": 0.01, "traps": 1})
        self.assertEqual(bench.read_samples(lines[:-1]), {})

    @staticmethod
    def gap_lines(fair, hostile):
        """What tests/bench/gaps.c prints: ms that fair guests ran, and hostile ones by their kind."""
        return [*(["@", "fair", str(round(ran * 1e6)), "3000000"] for ran in fair),
                *(["@", "hostile", str(kind), str(round(ran * 1e6))] for kind, ran in hostile.items())]

    def test_who_has_less_or_more_than_its_like_is_seen(self):
        """All have more than their part, as others ended: it takes a look at the mean."""
        alike = dict.fromkeys((2, 4, 5, 6, 7), 56)
        for fair, hostile, off, hostile_off in (([56] * 29, alike, 0, 0), ([56] * 28 + [50], alike, 10.38, 0.37),
                                                ([56] * 28 + [63], alike, 12.02, 0.43),
                                                ([56] * 29, {**alike, 7: 50}, 0, 10.71),
                                                ([56] * 29, {**alike, 2: 63, 3: 0.1, 8: 10}, 0, 12.5)):
            found = bench_runs.gap_figures(self.gap_lines(fair, hostile), 40, 29, 2000)
            self.assertEqual((found["off_mean"], found["hostile_off_mean"]), (off, hostile_off))
            self.assertLessEqual(found["lacked"], 0)
        self.assertEqual(bench_runs.gap_figures(self.gap_lines([10] * 4, {}), 4, 4, 40)["off_mean"], 0)
        del alike[5]
        with self.assertRaises(bench_runs.BenchError):
            bench_runs.gap_figures(self.gap_lines([56] * 29, alike), 40, 29, 2000)

    def test_each_of_a_crowd_wants_a_place_in_the_middle(self):
        for count in bench_figures.SCALE_CROWDS:
            places = bench_scale.crowd_places(count)
            self.assertEqual(len(set(places)), count)
            self.assertTrue(all(0 <= place < bench_scale.CROWD_PARTS for place in places))
            for number, place in enumerate(places):
                self.assertIn(sum(before < place for before in places[:number]), (number // 2, (number + 1) // 2))

    def test_launches_that_nobody_saw_are_no_figure(self):
        """Guests that first run when all are launched feel no launch: the row would pass whatever it cost."""
        seen = {8: 300_000, 16: 310_000, 60: 600_000, 128: 500_000, 136: 320_000, 144: 330_000, 151: 700_000,
                158: 400_000, 202: 9_000_000}
        self.assertEqual(bench_stretch.launch_figures(seen),
                         {"memory": 500_000, "image": 600_000, "machines": 700_000, "together": 330_000})
        no_machine = {launched: length for launched, length in seen.items() if launched not in (151, 158)}
        for after in ({202: 9_000_000}, no_machine, {16: 300_000, 202: 9_000_000},
                      {each: 1 for each in range(8, 200, 8)}):
            with self.assertRaises(bench_runs.BenchError):
                bench_stretch.launch_figures(after)

    def test_guests_of_the_longest_stretch(self):
        """None uses up the machine of the others, and who only waits for its time-out does not wait long."""
        names = {guest.name for batch in bench_stretch.manifest_batches(50) for guest in batch}
        self.assertIn("hello", names)
        self.assertEqual(names & set(machines.OVERCOMMITS), set())
        for spec, wanted in (("spin expect=timeout timeout=2s", "spin expect=timeout timeout=500ms"),
                             ("spin timeout=1s expect=timeout", "spin timeout=500ms expect=timeout"),
                             ("spin expect=timeout timeout=300ms", None), ("works timeout=60s", None)):
            self.assertEqual(bench_stretch.shortened(spec), wanted or spec)

    def test_committed_page_is_what_the_figures_say(self):
        page = bench.PAGE.read_text(encoding="utf-8")
        self.assertEqual(bench_page.update(page, bench.read_committed()), page)

    def test_figures_are_xml(self):
        figures = bench.read_committed()
        scale = {f"{kind}_{count}": 80 for kind in ("memory", "launch", "tick", "look")
                 for count in bench_figures.SCALE}
        for text in (figure.setpd_chart(figures["rows"]), figure.shares_chart(figures["shares"]),
                     figure.scale_chart(scale)):
            self.assertTrue(ElementTree.fromstring(text).tag.endswith("svg"))


if __name__ == "__main__":
    unittest.main()
