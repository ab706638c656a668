"""The boot volume: the same bytes at any time, every file in its place, room for large ones; and scripts/iso."""
import pathlib
import re
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

    def test_room(self):
        """All of the size that the tree does not need is on the volume, of the kind that its clusters make it."""
        for size, kind in ((16, "FAT12"), (50, "FAT16"), (100, "FAT32")):
            scratch = self.folder / str(size)
            scratch.mkdir()
            files = image.boot_files(self.file, {"a": self.file}, self.file)
            image.make_iso(scratch / "iso", files, ENVIRONMENT, scratch, size * image.MIB)
            self.assertLessEqual((scratch / "iso").stat().st_size, size * image.MIB)
            self.assertGreater((scratch / "iso").stat().st_size, (size - 3) * image.MIB)
            listing = subprocess.run(["minfo", "-i", str(scratch / "esp.img"), "::"], capture_output=True, text=True)
            self.assertIn(kind, listing.stdout)
            self.assertEqual(self.list_files(scratch / "esp.img"), set(files))

    def test_least_size_holds(self):
        files = image.boot_files(self.file, {"a": self.file}, self.file)
        image.make_iso(self.folder / "iso", files, ENVIRONMENT, self.folder)
        self.assertLessEqual((self.folder / "iso").stat().st_size, image.iso_bytes(files))


class IsoTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def iso(self, *arguments):
        return subprocess.run([str(build.ROOT / "scripts" / "iso"), *map(str, arguments)], capture_output=True,
                              text=True)

    def test_wrong_arguments(self):
        """Said in one line, before anything is built, and nothing is written."""
        missing, large, spaced = self.folder / "missing", self.folder / "large", self.folder / "a b"
        output = self.folder / "cobble.iso"
        spaced.write_bytes(b"")
        with open(large, "wb") as file:
            file.truncate(image.MIB + 1)
        for arguments, wanted in (
                (["--output", missing / "cobble.iso"], f"--output '{missing}/cobble.iso': there is no directory"),
                (["--output", self.folder], f"--output '{self.folder}': this is a directory"),
                (["--output", output, "--size", "0"], "--size '0': a number of MiB, 1 to 32768"),
                (["--output", output, "--size", "1G"], "--size '1G': a number of MiB"),
                (["--output", output, "--guest", missing], f"--guest '{missing}': there is no such file"),
                (["--output", output, "--guest", spaced], f"--guest '{spaced}': 'a b': a guest's name is"),
                (["--output", output, "--config", missing], f"--config '{missing}': there is no such file"),
                (["--output", output, "--config", self.folder], f"--config '{self.folder}': this is not a file"),
                (["--output", output, "--config", large], f"--config '{large}': more than 1 MiB"),
                (["--check", "--size", "64"], "--check compares the image as it is without")):
            with self.subTest(arguments=arguments):
                result = self.iso(*arguments)
                self.assertEqual(result.returncode, EXIT_SETUP)
                self.assertRegex(result.stderr, rf"^scripts/iso: {re.escape(wanted)}.*\n$")
                self.assertEqual(result.stdout, "")
        self.assertFalse(missing.exists() or output.exists())
