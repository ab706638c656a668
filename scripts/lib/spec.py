"""Check the words of an autorun and of other options before QEMU starts, by the rules of docs/operator.md.

The hypervisor reads the same words (hv/monitor/line_words.c) and does not trust them either: this is for messages
that come early. A check returns what it read, or raises ValueError with a text that says what is right.
"""
import os
import pathlib
import re

NAME = re.compile(r"[A-Za-z0-9._-]{1,63}")
DEVICE_NAME = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])", re.IGNORECASE)
ESCAPES = {"n": b"\n", "t": b"\t", "r": b"\r", "b": b"\b", "a": b"\a", "e": b"\x1b", "f": b"\f", "v": b"\v",
           "\\": b"\\", '"': b'"', "'": b"'", "?": b"?"}
SIZE_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
TIME_UNITS_MS = {"": 1000, "s": 1000, "ms": 1, "m": 60000}
AUTORUN_WORDS = ("expect= timeout= mem= clock= type= output= debug-print= match= match!= console= seed= strict= "
                 "trace= control= children= memory= as= snapshot= engine= moves= input= cmdline= initrd= disk=")
DEFAULT_TIMEOUT_MS = 60000
DEFAULT_MEMORY_BYTES = 24 << 20
DEFAULT_MACHINE_BYTES = 64 << 20    # of a virtual PC: hv/monitor/equip.h
MAX_GUEST_BYTES = 0xFF000000        # guest addresses end at 0xFEFFFFFF
MAX_TIME_MS = 1000000 * 1000
# The hypervisor's limits: hv/monitor/config.h and words.h.
MAX_AUTORUNS, MAX_TYPINGS = 4096, 256
MAX_LINE_BYTES = 4096
MAX_WORDS = 32
MAX_TYPED_BYTES = 32768
MAX_MOVES = 1000000             # hv/monitor/equip.h
MAX_CONSOLE_BYTES = 65536       # of a file for console=


def check_name(text):
    """A guest's name without the folder it may be written with."""
    name = re.sub(r"^[/\\]?guests[/\\]", "", text, flags=re.IGNORECASE)
    if not NAME.fullmatch(name):
        raise ValueError(f"'{text}': a guest's name is 1 to 63 characters of A-Z a-z 0-9 . _ -")
    return name


def check_file_name(name):
    """A name that a file on the boot volume can have: FAT drops dots at the end, and keeps device names for DOS."""
    check_name(name)
    if name.endswith("."):
        raise ValueError(f"'{name}': a file on a FAT volume cannot have a name that ends with a dot")
    if DEVICE_NAME.fullmatch(name):
        raise ValueError(f"'{name}' is a device name on a FAT volume; give the file another one")
    return name


def parse_number(text):
    """Decimal or 0x-hexadecimal, no sign."""
    if not re.fullmatch(r"[0-9]+|0[xX][0-9A-Fa-f]+", text):
        raise ValueError(f"'{text}' is not a number")
    return int(text, 16 if text[:2].lower() == "0x" else 10)


def parse_size(text, unit=1):
    """A size in bytes: a number with K, M or G, or without one, counted in units."""
    letter = text[-1:].upper()
    try:
        number = parse_number(text[:-1] if letter in SIZE_UNITS else text)
    except ValueError:
        raise ValueError(f"'{text}' is not a size: write a number and K, M or G, as in 24M") from None
    return number * SIZE_UNITS.get(letter, unit)


def parse_memory(text):
    """Guest memory: MiB without a letter; a multiple of 4 KiB."""
    size = parse_size(text, SIZE_UNITS["M"])
    if size == 0 or size % 4096 != 0:
        raise ValueError(f"'{text}': memory is a multiple of 4K, and not 0")
    if size > MAX_GUEST_BYTES:
        raise ValueError(f"'{text}': memory above 4080M is beyond every guest address")
    return size


def parse_time_ms(text):
    """A time in milliseconds: a number with ms, s or m, seconds without."""
    match = re.fullmatch(r"([0-9]+)(ms|s|m|)", text)
    if match is None:
        raise ValueError(f"'{text}' is not a time: write 10s, 500ms or 2m")
    milliseconds = int(match[1]) * TIME_UNITS_MS[match[2]]
    if not 1 <= milliseconds <= MAX_TIME_MS:
        raise ValueError(f"'{text}': a time is at least 1ms and at most 1000000s")
    return milliseconds


def parse_expect(text):
    """crash, timeout, refused, or a status of 32 bits."""
    if text in ("crash", "timeout", "refused"):
        return text
    negative = text.startswith("-")
    try:
        status = parse_number(text[negative:])
    except ValueError:
        raise ValueError(f"'{text}' is not a number, crash, timeout or refused") from None
    if status > (0x80000000 if negative else 0xFFFFFFFF):
        raise ValueError(f"'{text}': a status has 32 bits")
    return -status if negative else status


def parse_seed(text):
    """1 to 4294967295."""
    number = parse_number(text)
    if not 1 <= number <= 0xFFFFFFFF:
        raise ValueError(f"'{text}': a seed is 1 to 4294967295")
    return number


def parse_moves(text):
    """1 to 1000000 exits, and instructions: how often engine=moving moves."""
    number = parse_number(text)
    if not 1 <= number <= MAX_MOVES:
        raise ValueError(f"'{text}': 1 to {MAX_MOVES}, after so many exits, for so many instructions")
    return number


def parse_children(text):
    """1 to 256 guests."""
    number = parse_number(text)
    if not 1 <= number <= 256:
        raise ValueError(f"'{text}': children= is a number from 1 to 256")
    return number


def decode_escape(text, index):
    """The bytes of the C escape whose backslash is at index - 1, and the index behind it."""
    for pattern, base in ((r"x([0-9A-Fa-f]{1,2})", 16), (r"([0-7]{1,3})", 8)):
        match = re.compile(pattern).match(text, index)
        if match and int(match[1], base) < 256:
            return bytes([int(match[1], base)]), match.end()
    if text[index:index + 1] not in ESCAPES:
        raise ValueError(f"unknown escape '\\{text[index:index + 1]}'; known: "
                         r"\n \t \r \b \a \e \f \v \\ \" \' \? \ooo \xhh")
    return ESCAPES[text[index]], index + 1


def decode_text(text):
    """A text with C escapes as bytes."""
    result = bytearray()
    index = 0
    while index < len(text):
        if text[index] == "\\":
            piece, index = decode_escape(text, index + 1)
        else:
            piece, index = text[index].encode("utf-8", "surrogateescape"), index + 1
        result += piece
    return bytes(result)


def quote(data):
    """Bytes as a quoted text of cobble.cfg, printable ASCII only."""
    plain = (chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\{byte:03o}" for byte in data)
    return '"' + "".join(plain) + '"'


def find_words(line):
    """The words of a line, and where they are: blanks part them, double quotes with C escapes keep them together, '#'
    begins a comment."""
    words = []
    index = 0
    while True:
        while index < len(line) and line[index] in " \t\r":
            index += 1
        if index == len(line) or line[index] == "#":
            return words
        start = index
        word, index = read_word(line, index)
        words.append((word, start, index))


def read_word(line, index):
    """The word at index as text (its quoted parts as Latin-1 of their bytes), and the index behind it."""
    word = ""
    quoted = False
    while index < len(line) and (quoted or line[index] not in " \t\r"):
        if line[index] == '"':
            quoted, index = not quoted, index + 1
        elif quoted and line[index] == "\\":
            piece, index = decode_escape(line, index + 1)
            word += piece.decode("latin-1")
        else:
            word, index = word + line[index], index + 1
    if quoted:
        raise ValueError("a quoted text without its closing quote")
    return word, index


def read_console_path(text):
    """A file with the console that a guest must leave: docs/operator.md "What is judged"."""
    # A word's characters above 0x7F may be bytes of UTF-8 (in quotes) or themselves.
    path = pathlib.Path(text)
    if not path.is_file() and all(ord(character) < 256 for character in text):
        path = pathlib.Path(os.fsdecode(text.encode("latin-1")))
    if not path.is_file():
        raise ValueError(f"console='{text}': there is no such file")
    if path.stat().st_size > MAX_CONSOLE_BYTES:
        raise ValueError(f"console='{text}': the file has more than {MAX_CONSOLE_BYTES >> 10} KiB; a console has "
                         "25 rows of 80 characters")
    return path.absolute()


class Autorun:
    """One --autorun SPEC: its line, and what scripts/run must know of it."""

    CHECKS = {"expect": parse_expect, "timeout": parse_time_ms, "mem": parse_memory, "output": parse_size,
              "seed": parse_seed, "as": check_name, "snapshot": check_name, "children": parse_children,
              "moves": parse_moves,
              "memory": lambda text: parse_size(text, SIZE_UNITS["M"])}

    def __init__(self, line):
        if any(ord(character) < 0x20 and character != "\t" for character in line):
            raise ValueError("control characters cannot stand in an autorun; write them as escapes in quotes")
        if len(line.encode("utf-8", "surrogateescape")) > MAX_LINE_BYTES - len("autorun "):
            raise ValueError("an autorun has at most 4088 bytes")
        places = find_words(line)
        words = [word for word, _, _ in places]
        if not words:
            raise ValueError("a guest's name is missing; write: NAME [expect=...] [timeout=...] [mem=...]")
        if len(words) >= MAX_WORDS:
            raise ValueError("an autorun has at most 31 words")
        self.line = line
        self.image = self.name = check_name(words[0])
        self.timeout_ms = DEFAULT_TIMEOUT_MS
        is_machine = any(word.startswith("engine=") for word in words[1:])
        self.memory_bytes = DEFAULT_MACHINE_BYTES if is_machine else DEFAULT_MEMORY_BYTES
        self.is_traced = False
        self.console = None         # the file with the console that it must leave
        self.console_places = [(start, end) for word, start, end in places if word.startswith("console=")]
        for word in words[1:]:
            self.read(*word.partition("="))

    def place_console(self, name):
        """The file of console= has this name in \\guests\\ on the boot volume."""
        for start, end in reversed(self.console_places):
            self.line = f"{self.line[:start]}console={name}{self.line[end:]}"

    def files(self):
        """The files of a virtual PC that disk= and initrd= name: (start, end, key, path). A name that is no file here
        is one that the boot volume or the ramdisk has."""
        for word, start, end in find_words(self.line):
            key, _, value = word.partition("=")
            if key in ("disk", "initrd") and pathlib.Path(value).is_file():
                yield start, end, key, pathlib.Path(value).absolute()

    def place_files(self, names):
        """They have these names in \guests\ on the boot volume."""
        for start, end, key, path in reversed(list(self.files())):
            self.line = f"{self.line[:start]}{key}={names[path]}{self.line[end:]}"

    def read(self, key, equals, value):
        """Take one KEY=VALUE, or the word control."""
        if (key, equals) == ("control", ""):
            return
        if not equals or key + "=" not in AUTORUN_WORDS.split():
            raise ValueError(f"'{key}{equals}{value}': unknown word; known: {AUTORUN_WORDS}")
        if key == "clock" and value not in ("run", "wall", "instructions"):
            raise ValueError(f"'{value}': clock= is run, wall or, with engine=interp, instructions")
        if key == "engine" and value not in ("interp", "svm", "moving", "lockstep"):
            raise ValueError(f"'{value}': engine= is interp, svm, moving or lockstep")
        if key == "input" and value not in ("keyboard", "serial"):
            raise ValueError(f"'{value}': input= is keyboard or serial")
        if key in ("debug-print", "control", "strict", "trace") and value not in ("on", "off"):
            raise ValueError(f"'{value}': {key}= is on or off")
        if key in self.CHECKS:
            try:
                value = self.CHECKS[key](value)
            except ValueError as error:
                raise ValueError(f"{key}={error}") from None
        if key in ("match", "match!") and not value:
            raise ValueError(f"{key}= needs a text")
        if key == "timeout":
            self.timeout_ms = value
        if key == "mem":
            self.memory_bytes = value
        if key == "trace":
            self.is_traced = value == "on"
        if key == "as":
            self.name = value
        if key == "console":
            self.console = read_console_path(value)


class Typing:
    """One --type GUEST:TEXT."""

    def __init__(self, argument):
        guest, colon, text = argument.partition(":")
        if not colon:
            raise ValueError("write GUEST:TEXT, as in hello:\"ls\\n\"")
        self.name = check_name(guest)
        self.data = decode_text(text)
        if len(self.line) > MAX_LINE_BYTES:
            raise ValueError("the text is too long for one line of cobble.cfg; use --type twice")

    @property
    def line(self):
        """The directive of cobble.cfg."""
        return f"type {self.name} {quote(self.data)}"
