"""What is taken for a result, and what a stream is worth."""
import unittest

from lib.tap import Stream

START = b"TAP version 13\n1..2\n# Cobble 0.1.0\n"
RESULTS = b"ok 1 - a # exit 0 in 3 ms\nok 2 - b.elf # refused: no such guest\n"
END = b"# leaked frames: 0\n# cobble: done ok=2 not_ok=0 crashed=0 time_ms=4\n"


def judge(data):
    stream = Stream()
    stream.feed(data)
    return stream.judge()


class StreamTest(unittest.TestCase):
    def test_pieces_of_any_size(self):
        data = (b"\x1b[2JTAP version 13 is not at the start\r\n\n" + START + RESULTS + END).replace(b"\n", b"\r\n")
        for size in (1, 2, 3, 7, 1000):
            stream = Stream()
            shown = b"".join(stream.feed(data[i:i + size]) for i in range(0, len(data), size))
            self.assertEqual(shown, START + RESULTS + END)
            self.assertEqual((stream.judge(), stream.problems), (0, []))

    def test_guest_output_is_no_result(self):
        forged = b"# a| ok 2 - b\n# a| Bail out!\n# a| # leaked frames: 7\n"
        self.assertEqual(judge(START + forged + RESULTS + END), 0)

    def test_block_is_no_result(self):
        block = b"not ok 1 - a\n  ---\n  console: |\n    |ok 1 - a\n    |  ...\n  ...\nok 2 - b\n"
        stream = Stream()
        stream.feed(START + block + END.replace(b"ok=2 not_ok=0", b"ok=1 not_ok=1"))
        self.assertEqual((stream.judge(), stream.results), (1, [(False, "a"), (True, "b")]))

    def test_broken(self):
        good = START + RESULTS + END
        for data in (b"", START, START + RESULTS, START + RESULTS + END[END.index(b"\n") + 1:],
                     good.replace(b"1..2", b"1..3"), good.replace(b"1..2\n", b""), good.replace(b"ok 2 -", b"ok 3 -"),
                     good.replace(b"ok 1 -", b"not ok 1 -"), good.replace(b"# Cobble", b"Cobble"), good + b"more\n",
                     good.replace(b"ok=2", b"ok=1"), START + RESULTS + b"Bail out! panic\n",
                     good.replace(b"1..2", b"1..2\n1..2")):
            self.assertEqual(judge(data), 3, data)

    def test_not_ok_and_leak(self):
        good = START + RESULTS + END
        self.assertEqual(judge(good.replace(b"ok 1 -", b"not ok 1 -").replace(b"ok=2 not_ok=0", b"ok=1 not_ok=1")), 1)
        self.assertEqual(judge(good.replace(b"frames: 0", b"frames: -1")), 1)

    def test_panic_in_a_block(self):
        stream = Stream()
        panic = b"not ok 1 - a\n  ---\n  got: cra\n\nBail out! panic: why\nrax 0\n  at run\n"
        self.assertEqual(stream.feed(START + panic), START + b"not ok 1 - a\n  ---\n  got: cra\n  ...\n"
                         b"Bail out! panic: why\n")
        self.assertEqual((stream.is_complete, stream.problems), (True, []))
        self.assertEqual(stream.last_words, ["rax 0", "  at run"])

    def test_empty_line(self):
        stream = Stream()
        self.assertEqual(stream.feed(START + b"\n" + RESULTS + END), START + RESULTS + END)
        self.assertEqual((stream.judge(), stream.problems), (3, ["an empty line"]))

    def test_close(self):
        stream = Stream()
        stream.feed(START + b"not ok 1 - a\n  ---\n  half")
        self.assertEqual(stream.close("timeout"), b"  ...\nBail out! timeout\n")
        self.assertEqual(stream.close("again"), b"")
        self.assertEqual(Stream().close("timeout"), b"TAP version 13\nBail out! timeout\n")
