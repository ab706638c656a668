"""What scripts/run reads out of a cobble.cfg: the autoruns with their times, whatever else the file holds."""
import pathlib
import tempfile
import unittest

from lib.config_file import ConfigFile
from lib.options import Options
from lib.report import SetupError

TEXT = """# autorun nobody
autorun hello timeout=10s
  autorun \\guests\\My.elf timeout=2m type="autorun x timeout=1s"
autorun
autorun b timeout=soon   # timeout=1s
autorun c type="unfinished timeout=3s
choice "autorun d"
together on"""
READ = [("hello", 10000), ("My.elf", 120000), ("", 60000), ("b", 60000), ("c", 3000)]


class ConfigFileTest(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.place.name, "my.cfg")

    def tearDown(self):
        self.place.cleanup()

    def test_encodings(self):
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            self.path.write_bytes(TEXT.encode(encoding))
            config = ConfigFile(self.path)
            self.assertEqual((config.text, config.autoruns), (TEXT + "\n", READ))

    def test_bytes_stay(self):
        self.path.write_bytes(b"# \xff\n")
        self.assertEqual(ConfigFile(self.path).text.encode("utf-8", "surrogateescape"), b"# \xff\n")

    def test_options_follow(self):
        self.path.write_text(TEXT, encoding="utf-8")
        options = Options(["--headless", "--config", str(self.path), "--autorun", "d timeout=5s"])
        self.assertEqual(options.config, TEXT + "\nautorun d timeout=5s\nafter poweroff\n")
        self.assertEqual(options.planned, READ + [("d", 5000)])
        self.assertEqual(options.timeout_seconds, 10 + 120 + 60 + 60 + 3 + 5 + 60)

    def test_alone_it_is_enough(self):
        self.path.write_text("autorun hello\n", encoding="utf-8")
        self.assertTrue(Options(["--headless", "--config", str(self.path)]).headless)

    def test_directory_of_guests(self):
        with self.assertRaisesRegex(SetupError, "--guest.*no file in this directory"):
            Options(["--guest", self.place.name])
        for name in ("a.elf", "b", ".hidden"):
            pathlib.Path(self.place.name, name).write_bytes(b"x")
        pathlib.Path(self.place.name, "folder").mkdir()
        self.assertEqual(sorted(Options(["--guest", self.place.name]).guests), ["a.elf", "b"])


if __name__ == "__main__":
    unittest.main()
