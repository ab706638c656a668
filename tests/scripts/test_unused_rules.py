"""What nobody uses is found by symbols and by words, and only the listed ones may stay."""
import collections
import pathlib
import unittest

from lib import source_rules, unused_rules

A, B, H, T = map(pathlib.PurePosixPath, ("hv/a.c", "hv/b.c", "hv/a.h", "tests/t.c"))


def words(**code):
    paths = {"a": A, "b": B, "h": H, "t": T}
    return {paths[name]: collections.Counter(unused_rules.WORD.findall(text)) for name, text in code.items()}


def find(code, wanted=frozenset(), defined=frozenset({"go"})):
    return unused_rules.find_unused({str(A): (set(defined), set()), str(B): (set(), set(wanted))}, words(**code))


class UnusedTest(unittest.TestCase):
    def test_nobody(self):
        self.assertEqual(find({"a": "void go(void) {}", "h": "void go(void);"}), {"go": "hv/a.c: nobody uses go"})

    def test_used_by_symbol_or_word(self):
        self.assertEqual(find({"a": "void go(void) {}"}, wanted={"go"}), {})    # by a macro that makes the name
        self.assertEqual(find({"a": "void go(void) {}", "b": "#ifdef AUDIT\n go();"}), {})      # not compiled
        self.assertEqual(find({"a": "void go(void) {}", "h": "void go(void); static inline f() { go(); }"}), {})

    def test_only_tests(self):
        self.assertIn("nobody but tests uses go", find({"a": "void go(void) {}", "t": "go();"})["go"])

    def test_only_its_own_file(self):
        code = {"a": "void go(void) {} void f(void) { go(); }", "h": "void go(void);"}
        self.assertIn("make it static", find(code)["go"])
        self.assertEqual(find({**code, "t": "go();"}), {})

    def test_strings_and_what_compilers_call(self):
        self.assertEqual(find({"a": ""}, defined={"memmove", "hv_start", "??_C@_00"}), {})

    def test_macros_and_inline_functions(self):
        text = "#define GONE 1\n#define HERE 2\nstatic inline int idle(void)\nstatic inline int busy(void)\n"
        found = unused_rules.find_unused_in_text({H: text}, words(h=text, a="HERE busy()", t="idle()"))
        self.assertEqual(sorted(found), ["GONE", "idle"])

    def test_list_gets_shorter(self):
        self.assertEqual(list(unused_rules.judge({"go": "p"}, {"go"})), [])
        self.assertEqual(list(unused_rules.judge({"go": "p"}, set())), ["p"])
        self.assertIn("go is used or gone", next(unused_rules.judge({}, {"go"})))

    def test_comments_and_globl_are_no_use(self):
        path = pathlib.PurePosixPath("hv/cpu/entry.S")
        counted = unused_rules.count_words([path])[path]
        self.assertEqual(counted["hv_start"], 1)
        self.assertIn("hv_start", "\n".join(source_rules.read_lines(path)).split(".globl")[1])


if __name__ == "__main__":
    unittest.main()
