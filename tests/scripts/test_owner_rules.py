"""Every variable that two processors could write has an owner, and no owner is left of nothing."""
import pathlib
import subprocess
import tempfile
import unittest

from lib import owner_rules

OWNERS = {"a.c": {"kept": "a lock"}}


class OwnersTest(unittest.TestCase):
    def test_all_listed(self):
        self.assertEqual(list(owner_rules.judge({"a.c": {"kept"}, "b.c": set()}, OWNERS)), [])

    def test_new_variable(self):
        self.assertRegex("".join(owner_rules.judge({"a.c": {"kept"}, "b.c": {"turn"}}, OWNERS)),
                         "^b.c: turn is everybody's")

    def test_gone(self):
        self.assertRegex("".join(owner_rules.judge({"a.c": set()}, OWNERS)), "a.c has no kept, take it off$")

    def test_reads_object_files(self):
        with tempfile.TemporaryDirectory() as folder:
            source, path = pathlib.Path(folder) / "a.c", pathlib.Path(folder) / "a.o"
            source.write_text("int all; static int file = 1; const int fixed = 2; extern int other;\n"
                              "int *f(void) { static int call; call += other; file++; return &call; }\n"
                              "int g(void) { return file + fixed; }\n")
            subprocess.run(["clang", "-O1", "-c", str(source), "-o", str(path)], check=True)
            self.assertEqual(owner_rules.read_writable(path), {"all", "file", "f.call"})


if __name__ == "__main__":
    unittest.main()
