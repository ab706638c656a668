"""The command line of scripts/run: what is right is taken, what is wrong is named."""
import pathlib
import tempfile
import unittest

from lib import spec
from lib.options import Options
from lib.report import SetupError

WRONG = [       # arguments, and words that the message must contain
    (["--frobnicate"], ["--frobnicate"]),
    (["--head"], ["--head"]),
    (["--headless"], ["--headless", "--autorun", "verdict"]),
    (["--headless", "--type", "monitor:ls\\n"], ["--headless", "--autorun", "--type monitor:TEXT"]),
    (["stray"], ["stray"]),
    (["--autorun", ""], ["--autorun", "name"]),
    (["--autorun", "a b"], ["b", "unknown word"]),
    (["--autorun", "a expect=banana"], ["expect=", "banana"]),
    (["--autorun", "a expect="], ["expect="]),
    (["--autorun", "a expect=0x100000000"], ["32 bits"]),
    (["--autorun", "a expect=-2147483649"], ["32 bits"]),
    (["--autorun", "a expect=--1"], ["expect=", "--1"]),
    (["--autorun", "a timeout=0"], ["timeout=", "1ms"]),
    (["--autorun", "a timeout=10h"], ["timeout=", "10h"]),
    (["--autorun", "a timeout=-1"], ["timeout=", "-1"]),
    (["--autorun", "a mem=0"], ["mem=", "4K"]),
    (["--autorun", "a mem=5K"], ["mem=", "4K"]),
    (["--autorun", "a mem=32X"], ["mem=", "32X"]),
    (["--autorun", "a mem=4G"], ["mem=", "4080M"]),
    (["--autorun", "a clock=stop"], ["clock="]),
    (["--autorun", "a output=x"], ["output="]),
    (["--autorun", "a type=\"x"], ["closing quote"]),
    (["--autorun", "a type=\"\\q\""], ["\\q"]),
    (["--autorun", "a\nautorun b"], ["control characters"]),
    (["--autorun", "a/b"], ["a/b", "A-Z"]),
    (["--autorun", "x" * 64], ["63"]),
    (["--autorun", "a type=" + "x" * 4096], ["4088"]),
    (["--autorun", "a seed=0"], ["seed=", "4294967295"]),
    (["--autorun", "a seed=x"], ["seed=", "x"]),
    (["--autorun", "a engine=moving moves=0"], ["moves=", "1000000"]),
    (["--autorun", "a engine=moving moves=x"], ["moves=", "x"]),
    (["--autorun", "a match="], ["match=", "text"]),
    (["--autorun", "a match!="], ["match!=", "text"]),
    (["--autorun", "a console=/nowhere/at/all"], ["console=", "/nowhere/at/all", "no such file"]),
    (["--autorun", "a console=/dev"], ["console=", "no such file"]),
    (["--guest", "/nowhere/at/all"], ["--guest", "/nowhere/at/all", "no such file"]),
    (["--guest", "/dev/null"], ["--guest", "not a file"]),
    (["--config", "/nowhere/at/all"], ["--config", "no such file"]),
    (["--config", "/dev"], ["--config", "not a file"]),
    (["--config", "/dev/null", "--headless"], ["--config", "not a file"]),
    (["--autorun", "a", "--logs", "/tmp"], ["--logs", "--headless"]),
    (["--headless", "--autorun", "a", "--logs", "/dev/null"], ["--logs", "cannot be made"]),
    (["--headless", "--autorun", "a", "--logs", "/nowhere/at"], ["--logs", "cannot be made"]),
    (["--together"], ["--together", "--autorun"]),
    (["--timeout", "0"], ["--timeout", "more than 0"]),
    (["--timeout", "soon"], ["--timeout", "soon"]),
    (["--timeout", "nan"], ["--timeout", "nan"]),
    (["--mem", "16"], ["--mem", "64"]),
    (["--mem", "lots"], ["--mem", "lots"]),
    (["--smp", "0"], ["--smp"]),
    (["--iso", "--usb"], ["--iso", "--usb"]),
    (["--screenshot", "a.png"], ["--screenshot", "--autorun"]),
    (["--autorun", "a", "--screenshot", "a.jpg"], ["a.jpg", ".png"]),
    (["--autorun", "a", "--screenshot", "/nowhere/a.png"], ["/nowhere"]),
    (["--dump-console", "a"], ["--dump-console", "--autorun"]),
    (["--autorun", "a", "--dump-console", "/"], ["--dump-console", "directory"]),
    (["--type", "a"], ["--type", "GUEST:TEXT"]),
    (["--type", "a b:x"], ["--type", "a b"]),
    (["--type", "a:\\q"], ["--type", "\\q"]),
    (["--autorun", "a", "--type", "b:x"], ["--type", "b", "--autorun"]),
    (["--autorun", "a"] * 4097, ["4096"]),
    (["--autorun", "a"] + ["--type", "a:x"] * 257, ["256"]),
]


class OptionsTest(unittest.TestCase):
    def test_wrong(self):
        for arguments, words in WRONG:
            with self.subTest(arguments=arguments[:4]):
                with self.assertRaises(SetupError) as raised:
                    Options(arguments)
                for word in words:
                    self.assertIn(word, str(raised.exception))

    def test_config(self):
        options = Options(["--headless", "--autorun", "/guests/A.elf expect=-1 mem=32 timeout=2s", "--autorun", "b",
                           "--together", "--type", 'a.ELF:x:"\\n\\x41\u00e9', "--", "-machine", "pc", "--"])
        self.assertEqual(options.config, "autorun /guests/A.elf expect=-1 mem=32 timeout=2s\nautorun b\n"
                                         'type a.ELF "x:\\042\\012A\\303\\251"\ntogether on\nafter poweroff\n')
        self.assertEqual(options.timeout_seconds, 2 + 60 + 60)
        self.assertEqual(options.qemu, ["-machine", "pc", "--"])

    def test_headless_monitor(self):
        """With arguments for QEMU, --headless needs no plan: no window, and nothing that ends the machine."""
        options = Options(["--headless", "--iso", "--", "-machine", "q35,i8042=off"])
        self.assertEqual(options.qemu, ["-machine", "q35,i8042=off", "-display", "none"])
        self.assertEqual((options.headless, options.config, options.timeout_seconds), (False, "", None))

    def test_counted(self):
        self.assertEqual(Options(["--counted", "--autorun", "a seed=4294967295"]).config,
                         "autorun a seed=4294967295\ncounted on\n")

    def test_consoles(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for path in ("w", "\u00e9 x"):
                (folder / path).write_text("x\n")
            (folder / "large").write_bytes(bytes(spec.MAX_CONSOLE_BYTES + 1))
            options = Options(["--autorun", f"a console={folder / 'w'} match=x", "--autorun",
                               f'b type="console=x" console="{folder}/\u00e9 x"', "--autorun", f"c console={folder}/w",
                               "--autorun", "console-1.txt"])
            self.assertEqual([autorun.line for autorun in options.autoruns],
                             ["a console=console-2.txt match=x", 'b type="console=x" console=console-3.txt',
                              "c console=console-2.txt", "console-1.txt"])
            self.assertEqual(options.guests, {"console-2.txt": folder / "w", "console-3.txt": folder / "\u00e9 x"})
            with self.assertRaises(SetupError) as raised:
                Options(["--autorun", f"a console={folder}/large"])
            self.assertIn("25 rows", str(raised.exception))

    def test_monitor_has_no_config(self):
        self.assertEqual(Options([]).config, "")
        self.assertIsNone(Options([]).timeout_seconds)

    def test_guest_names(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "sub").mkdir()
            for path in ("a.elf", "sub/A.ELF", "no good", "aux", "dot.", "x" * 64):
                (folder / path).write_bytes(b"x")
            self.assertEqual(Options(["--guest", str(folder / "a.elf")]).guests, {"a.elf": folder / "a.elf"})
            for paths, words in ((["a.elf", "sub/A.ELF"], "same name"), (["no good"], "A-Z"), (["aux"], "device"),
                                 (["dot."], "dot"), (["x" * 64], "63")):
                arguments = [word for path in paths for word in ("--guest", str(folder / path))]
                with self.assertRaises(SetupError) as raised:
                    Options(arguments)
                self.assertIn(words, str(raised.exception))


class SpecTest(unittest.TestCase):
    def test_values(self):
        self.assertEqual(spec.parse_memory("20484K"), 20484 * 1024)
        self.assertEqual(spec.parse_memory("32"), 32 << 20)
        self.assertEqual(spec.parse_memory("1g"), 1 << 30)
        self.assertEqual([spec.parse_time_ms(text) for text in ("3", "3s", "3ms", "3m")], [3000, 3000, 3, 180000])
        self.assertEqual([spec.parse_expect(text) for text in ("-10", "0xDEADC0DE", "crash")],
                         [-10, 0xDEADC0DE, "crash"])

    def test_words(self):
        self.assertEqual(spec.find_words('a  type="x # \\"y\\n" # comment'), [("a", 0, 1), ('type=x # "y\n', 3, 19)])

    def test_quote_comes_back(self):
        everything = bytes(range(256))
        self.assertEqual(spec.read_word(spec.quote(everything), 0)[0].encode("latin-1"), everything)

    def test_escapes(self):
        self.assertEqual(spec.decode_text(r"a\n\x1b[A\101\\\"\e\0"), b'a\n\x1b[AA\\"\x1b\0')
        for text in ("\\", r"\400", r"\x", r"\z"):
            with self.assertRaises(ValueError):
                spec.decode_text(text)
