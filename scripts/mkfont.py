#!/usr/bin/python3
"""Make the console fonts: 256 CP437 glyphs of each size as C tables, from console-setup's VGA and Terminus fonts.

usage: mkfont.py [--bitmaps] OUTPUT.c FONT.psf.gz [FONT.psf.gz ...]

The fonts' own Unicode tables say which glyph is which character; of one size, the first font that has it wins. Two
characters are in no VGA font: the triangles 0x10 and 0x11 are made by turning and mirroring 0x1E. Anything else missing
fails the build. The tables are those of hv/io/font.h, in which equal lines below each other count once; --bitmaps
writes every line of every glyph, as tests/unit/test_glyph.c wants them.
"""
import gzip
import itertools
import struct
import sys
import textwrap

CONTROL = ("\u0020\u263a\u263b\u2665\u2666\u2663\u2660\u2022\u25d8\u25cb\u25d9\u2642\u2640\u266a\u266b\u263c"
           "\u25ba\u25c4\u2195\u203c\u00b6\u00a7\u25ac\u21a8\u2191\u2193\u2192\u2190\u221f\u2194\u25b2\u25bc")
# What a font may have in place of a character: look-alikes by Unicode's own compatibility notes.
ALIKE = {"\u25ba": "\u25b6\u25b8", "\u25c4": "\u25c0\u25c2", "\u00b5": "\u03bc", "\u03bc": "\u00b5", "\u00df": "\u03b2",
         "\u2126": "\u03a9", "\u03a9": "\u2126", "\u03b4": "\u2202", "\u03c6": "\u03d5", "\u2302": "\u2206",
         "\u03b5": "\u2208", "\u03a6": "\u0424", "\u03a3": "\u2211", "\u00a0": "\u0020", "\u207f": "\u2099"}
RUN_LINES_BITS = 6      # hv/io/font.h


def characters():
    """The 256 characters of CP437 as they look on a screen."""
    text = list(CONTROL) + [chr(code) for code in range(32, 127)] + ["\u2302"]
    return text + [bytes([code]).decode("cp437") for code in range(128, 255)] + [" "]


def read_psf1(data):
    """A PSF1 font: width, height, where the glyphs are, and the characters of each."""
    mode, height = data[2], data[3]
    count = 512 if mode & 1 else 256
    table = data[4 + count * height:]
    entries, entry = [], ""
    for (code,) in struct.iter_unpack("<H", table[:len(table) // 2 * 2]):
        if code == 0xFFFF:
            entries.append(entry)
            entry = ""
        elif code == 0xFFFE:
            entry += "\x00"     # sequences follow: not single characters
        else:
            entry += chr(code)
    return 8, height, 4, entries[:count]


def read_psf2(data):
    """The same of a PSF2 font."""
    _, offset, _, count, size, height, width = struct.unpack("<7I", data[4:32])
    table = data[offset + count * size:].split(b"\xff")
    return width, height, offset, [entry.split(b"\xfe")[0].decode("utf-8") for entry in table][:count]


def read_psf(path):
    """Width and height of a PSF font, and its glyphs by character: the pixels of each line as a number."""
    with gzip.open(path) as file:
        data = file.read()
    if data[:2] == b"\x36\x04":
        width, height, offset, entries = read_psf1(data)
    elif data[:4] == b"\x72\xb5\x4a\x86":
        width, height, offset, entries = read_psf2(data)
    else:
        sys.exit(f"{path}: not a PSF font")
    line_bytes = (width + 7) // 8
    glyphs = {}
    for index, entry in enumerate(entries):
        start = offset + index * height * line_bytes
        glyph = [int.from_bytes(data[at:at + line_bytes], "big") >> (line_bytes * 8 - width)
                 for at in range(start, start + height * line_bytes, line_bytes)]
        for character in entry.split("\x00")[0]:
            glyphs.setdefault(character, glyph)
    return width, height, glyphs


def mirror(glyph):
    """A glyph of 8 pixels seen in a mirror."""
    return [int(f"{line:08b}"[::-1], 2) for line in glyph]


def turn_right(glyph):
    """The same turned clockwise, in the middle of the cell: an upward triangle becomes one that points right."""
    lines = [line for line in glyph if line][-8:]
    turned = []
    for column in range(8):
        bits = "".join(str(line >> (7 - column) & 1) for line in reversed(lines))
        turned.append(int(bits.ljust(8, "0"), 2))
    return [0] * 4 + turned + [0] * 4


def choose_glyphs(size, glyphs):
    """The 256 glyphs of CP437 out of those that there are of a size."""
    rows, missing = [], []
    for code, character in enumerate(characters()):
        glyph = next((glyphs[c] for c in character + ALIKE.get(character, "") if c in glyphs), None)
        if glyph is None and code == 0x10 and size == (8, 16):
            glyph = turn_right(glyphs[CONTROL[0x1E]])
        if glyph is None and code == 0x11 and size == (8, 16):
            glyph = mirror(rows[0x10])
        if glyph is None:
            missing.append(f"0x{code:02x} (U+{ord(character):04X})")
        rows.append(glyph)
    if missing or len(rows) != 256:
        sys.exit(f"mkfont.py: {256 - len(missing)} of 256 glyphs of {size}; the fonts lack " + ", ".join(missing))
    return rows


def read_fonts(paths):
    """The glyphs of each size that there is: (width, height, 256 glyphs), small ones first."""
    sizes = {}
    for path in paths:
        width, height, glyphs = read_psf(path)
        known = sizes.setdefault((width, height), {})
        for character, glyph in glyphs.items():
            known.setdefault(character, glyph)
    return [(*size, choose_glyphs(size, glyphs)) for size, glyphs in sorted(sizes.items())]


def make_runs(glyphs):
    """Patterns, runs of all glyphs, and where each glyph's runs begin."""
    patterns, runs, first = [], [], [0]
    for glyph in glyphs:
        for line, group in itertools.groupby(glyph):
            if line not in patterns:
                patterns.append(line)
            runs.append(patterns.index(line) << RUN_LINES_BITS | len(list(group)))
        first.append(len(runs))
    return patterns, runs, first


def write_numbers(out, declaration, numbers):
    """A C array."""
    text = ", ".join(map(hex, numbers))
    out.write(f"{declaration} = {{\n{textwrap.fill(text, 116, initial_indent='    ', subsequent_indent='    ')}\n}};\n")


def write_tables(out, fonts):
    """The tables of hv/io/font.h."""
    out.write("#include \"io/font.h\"\n\n")
    for width, _, glyphs in fonts:
        patterns, runs, first = make_runs(glyphs)
        if max(runs) > 0xFFFF:
            sys.exit(f"mkfont.py: {len(patterns)} different lines of {width} pixels are too many")
        for name, numbers in (("patterns", patterns), ("runs", runs), ("first", first)):
            write_numbers(out, f"static const uint16_t {name}_{width}[{len(numbers)}]", numbers)
    out.write("const struct font fonts[FONT_COUNT] = {\n")
    for width, height, _ in fonts:
        out.write(f"    {{ {width}, {height}, patterns_{width}, runs_{width}, first_{width} }},\n")
    out.write("};\n")


def write_bitmaps(out, fonts):
    """Every line of every glyph, one font behind the other."""
    out.write("#include <stdint.h>\n\n")
    for width, height, glyphs in fonts:
        write_numbers(out, f"const uint16_t bitmaps_{width}x{height}[256 * {height}]", itertools.chain(*glyphs))


def main():
    arguments = sys.argv[1:]
    write = write_tables
    if arguments[:1] == ["--bitmaps"]:
        write = write_bitmaps
        del arguments[0]
    if len(arguments) < 2:
        sys.exit(__doc__)
    fonts = read_fonts(arguments[1:])
    with open(arguments[0], "w", encoding="ascii") as out:
        out.write("/* Made by scripts/mkfont.py from console-setup's fonts. */\n")
        write(out, fonts)


if __name__ == "__main__":
    main()
