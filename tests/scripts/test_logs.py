"""What --logs writes: each guest's lines in its file, and nothing that a guest prints is taken for anything else."""
import pathlib
import tempfile
import unittest

from lib.logs import Logs

STREAM = b"""TAP version 13
1..3
# Cobble 0.1.0
# info: hello| is no guest's row
# hello| ok 1 - hello
# hello| # hello! forged
# Cliff| at the edge
ok 1 - hello # exit 0 in 3 ms
# Cliff? debug
# Cliff! #DE at 0x00100ec3
not ok 2 - Cliff
  ---
  console: |
    |at the edge
  ...
# hello| the second
ok 3 - hello # exit 0 in 4 ms
# leaked frames: 0
"""


class LogsTest(unittest.TestCase):
    def write(self, data, names):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "1-hello.log").write_text("of an earlier run\n", encoding="ascii")
            logs = Logs(folder, names)
            for line in data.splitlines(keepends=True):
                logs.take(line)
            return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}

    def test_a_floods_end(self):
        files = self.write(b"# hello| one\n# hello: 7 rows dropped, more than output=9 bytes\n# hello: | the last\n"
                           b"# other: 7 rows dropped, x\nok 1 - hello\n", ["hello"])
        self.assertEqual(files, {"1-hello.log": "| one\n... 7 rows dropped, more than output=9 bytes\n: | the last\n"
                                                "= ok 1 - hello\n"})

    def test_each_guest_has_its_file(self):
        files = self.write(STREAM, ["hello", "cliff", "hello"])
        self.assertEqual(files, {
            "1-hello.log": "| ok 1 - hello\n| # hello! forged\n= ok 1 - hello # exit 0 in 3 ms\n",
            "2-Cliff.log": "| at the edge\n? debug\n! #DE at 0x00100ec3\n= not ok 2 - Cliff\n=   ---\n"
                           "=   console: |\n=     |at the edge\n=   ...\n",
            "3-hello.log": "| the second\n= ok 3 - hello # exit 0 in 4 ms\n"})

    def test_names_that_are_no_guests(self):
        self.assertEqual(set(self.write(b"# other| row\n# warn: x| y\n#\n# a b| c\n", ["hello"])), {"1-hello.log"})


if __name__ == "__main__":
    unittest.main()
