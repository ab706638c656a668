"""Circles of files are found by their symbols, and named."""
import pathlib
import subprocess
import tempfile
import unittest

from lib import symbol_rules

CHAIN = {"a.c": ({"a"}, {"b", "memcpy"}), "b.c": ({"b"}, {"c"}), "c.c": ({"c"}, set())}
CIRCLE = {**CHAIN, "c.c": ({"c"}, {"a", "b"})}
GROUP = ("a.c", "b.c", "c.c")


def circles(symbols, upcalls=frozenset()):
    return symbol_rules.find_circles(symbol_rules.find_uses(symbols, set(upcalls)))


class CirclesTest(unittest.TestCase):
    def test_chain_is_none(self):
        self.assertEqual(circles(CHAIN), {})

    def test_circle_is_named(self):
        self.assertEqual(circles(CIRCLE), {GROUP: "a.c -> b.c (b) -> c.c (c) -> a.c (a)"})

    def test_two_circles(self):
        self.assertEqual(set(circles({**CIRCLE, "d.c": ({"d"}, {"e", "a"}), "e.c": ({"e"}, {"d"})})),
                         {GROUP, ("d.c", "e.c")})

    def test_entry_calls_are_the_processors(self):
        symbols = {symbol_rules.ENTRY: ({"go"}, {"handler", "word"}), "t.c": ({"handler"}, {"go"}),
                   "w.c": ({"word"}, set())}
        self.assertEqual(circles(symbols, {"handler"}), {})
        self.assertEqual(len(circles(symbols)), 1)

    def test_each_fails(self):
        problems = list(symbol_rules.judge_circles(circles({**CIRCLE, "d.c": ({"d"}, {"e"}), "e.c": ({"e"}, {"d"})})))
        self.assertIn("a circle of a.c, b.c, c.c: a.c -> b.c", problems[0])
        self.assertEqual(len(problems), 2)
        self.assertEqual(list(symbol_rules.judge_circles(circles(CHAIN))), [])

    def test_symbols_of_an_object(self):
        with tempfile.TemporaryDirectory() as folder:
            source, made = pathlib.Path(folder) / "a.c", pathlib.Path(folder) / "a.o"
            source.write_text("int used(void); static int own(void) { return used(); }\n"
                              "int shown(void) { return own(); }\n")
            subprocess.run(["clang", "-c", str(source), "-o", str(made)], check=True)
            self.assertEqual(symbol_rules.read_symbols({"a.c": made}), {"a.c": ({"shown"}, {"used"})})


if __name__ == "__main__":
    unittest.main()
