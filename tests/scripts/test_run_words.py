"""No word behind a guest's name is a secret: the monitor's `help run`, and what it says of one that it does not know.

The words are taken from the parsers themselves, wherever one compares a word with a text.
"""
import pathlib
import re
import unittest

MONITOR = pathlib.Path(__file__).resolve().parents[2] / "hv" / "monitor"
TAKEN = re.compile(r'(?:words_value|strcmp)\(word, "([^"]+)"')
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
# What a plan's line and the monitor's run have in common.
SHARED = ("equip.c", "line_words.c")


def read(name):
    """A source, with the texts that its macros of words stand for in their places."""
    source = "".join((MONITOR / part).read_text(encoding="ascii") for part in ("equip.h", name))
    for macro in ("EQUIP_WORDS", "AUTORUN_WORDS"):
        for value in re.findall(rf"#define {macro} ((?:.*\\\n)*.*)", source):
            source = re.sub(rf"(?<!#define ){macro}", value.replace("\\\n", " ").replace("\\", r"\\"), source)
    return source


def words_of(*names):
    """All that the parsers in these files take, each without its value."""
    found = {text for name in names for text in TAKEN.findall(read(name))}
    return {word.partition("=")[0] for word in found}


def told(source, begin, end):
    """The words of the texts from the first to the second mark: each without its value."""
    part = source[source.index(begin) + len(begin):]
    text = " ".join(TEXT.findall('"' + part[:part.index(end)])).replace(r"\n", " ")
    return {word.partition("=")[0] for word in re.split(r"[ \[\]|]+", text)}


class RunWordsTest(unittest.TestCase):
    def test_all_are_found(self):
        self.assertLessEqual({"engine", "moves", "disk", "control", "children", "&", "strict", "clock", "as", "mem"},
                             words_of("commands_guest.c", *SHARED))
        self.assertLessEqual({"expect", "match!", "seed", "type"}, words_of("config_line.c", *SHARED))

    def test_help(self):
        words = words_of("commands_guest.c", *SHARED)
        self.assertEqual(words - told(read("commands.c"), '{ "run", "', ',\n      "run a guest'), set())

    def test_unknown_word_of_run(self):
        words = words_of("commands_guest.c", *SHARED)
        self.assertEqual(words - told(read("commands_guest.c"), "unknown word; known: ", ";\n"), set())

    def test_unknown_word_of_a_plan(self):
        words = words_of("config_line.c", *SHARED)
        self.assertEqual(words - told(read("config_line.c"), "unknown word; known: ", ";\n"), set())

    def test_manual(self):
        manual = (MONITOR.parents[1] / "docs" / "operator.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| (`[^|]*`) \|", manual, re.MULTILINE)
        listed = {word.partition("=")[0] for row in rows for word in re.findall(r"`([^`]+)`", row)}
        self.assertEqual(words_of("config_line.c", *SHARED) - listed, set())


if __name__ == "__main__":
    unittest.main()
