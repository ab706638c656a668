"""The boot volume: the same bytes at any time, every file in its place, room for large ones; and scripts/iso."""
import pathlib
import subprocess
import tempfile
import time
import unittest

from lib import build, image
from lib.report import EXIT_SETUP

ENVIRONMENT = {"SOURCE_DATE_EPOCH": "1700000000", "TZ": "UTC"}


class ImageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "file"
        self.file.write_bytes(b"x" * 100000)

    def list_files(self, volume):
        listing = subprocess.run(["mdir", "-/", "-b", "-i", str(volume), "::"], capture_output=True, text=True)
        return {line.removeprefix("::/") for line in listing.stdout.splitlines() if not line.endswith("/")}

    def test_files(self):
        files = image.boot_files(self.file, {"MyKernel-1.x.elf": self.file, "con.elf": self.file}, self.file)
        image.make_esp(self.folder / "esp", files, ENVIRONMENT)
        self.assertEqual(self.list_files(self.folder / "esp"), set(files))

    def test_same_bytes(self):
        contents = []
        for name in ("a", "another"):
            scratch = self.folder / name
            scratch.mkdir()
            image.make_iso(scratch / "iso", image.boot_files(self.file, {}, None), ENVIRONMENT, scratch)
            contents.append((scratch / "iso").read_bytes())
            time.sleep(2.1)         # FAT counts time in steps of two seconds
        self.assertEqual(contents[0], contents[1])
        self.assertEqual(contents[0][510:512], b"\x55\xaa")
        self.assertEqual(contents[0][512:520], b"EFI PART")

    def test_large_file(self):
        with open(self.file, "wb") as file:
            file.truncate(70 << 20)
        image.make_esp(self.folder / "esp", {"guests/large": self.file}, ENVIRONMENT)
        self.assertEqual(self.list_files(self.folder / "esp"), {"guests/large"})


class IsoTest(unittest.TestCase):
    def test_output_that_cannot_be_written(self):
        """Said before anything is built."""
        with tempfile.TemporaryDirectory() as folder:
            missing = pathlib.Path(folder, "missing")
            for output, wanted in ((missing / "cobble.iso", f"there is no directory '{missing}'"),
                                   (folder, "this is a directory")):
                result = subprocess.run([str(build.ROOT / "scripts" / "iso"), "--output", str(output)],
                                        capture_output=True, text=True)
                self.assertEqual(result.returncode, EXIT_SETUP)
                self.assertRegex(result.stderr, rf"^scripts/iso: --output '{output}': {wanted}.*\n$")
                self.assertEqual(result.stdout, "")
            self.assertFalse(missing.exists())
