#!/usr/bin/python3
"""Make the console font: 256 CP437 glyphs of 8x16 pixels as a C array, from console-setup's VGA16 fonts.

usage: mkfont.py OUTPUT.c FONT.psf.gz [FONT.psf.gz ...]

The fonts' own Unicode tables say which glyph is which character; the first font that has one wins. Two characters are
in neither: the triangles 0x10 and 0x11 are made by turning and mirroring 0x1E. Anything else missing fails the build.
"""
import gzip
import struct
import sys

CONTROL = ("\u0020\u263a\u263b\u2665\u2666\u2663\u2660\u2022\u25d8\u25cb\u25d9\u2642\u2640\u266a\u266b\u263c"
           "\u25ba\u25c4\u2195\u203c\u00b6\u00a7\u25ac\u21a8\u2191\u2193\u2192\u2190\u221f\u2194\u25b2\u25bc")
# What a font may have in place of a character: look-alikes by Unicode's own compatibility notes.
ALIKE = {"\u25ba": "\u25b6\u25b8", "\u25c4": "\u25c0\u25c2", "\u00b5": "\u03bc", "\u03bc": "\u00b5", "\u00df": "\u03b2",
         "\u2126": "\u03a9", "\u03a9": "\u2126", "\u03b4": "\u2202", "\u03c6": "\u03d5", "\u2302": "\u2206",
         "\u03b5": "\u2208", "\u03a6": "\u0424", "\u03a3": "\u2211", "\u00a0": "\u0020", "\u207f": "\u2099"}
HEIGHT = 16


def characters():
    """The 256 characters of CP437 as they look on a screen."""
    text = list(CONTROL) + [chr(code) for code in range(32, 127)] + ["\u2302"]
    return text + [bytes([code]).decode("cp437") for code in range(128, 255)] + [" "]


def read_psf(path):
    """The glyphs of a PSF1 or PSF2 font of 8x16 by character."""
    with gzip.open(path) as file:
        data = file.read()
    if data[:2] == b"\x36\x04":
        mode, height = data[2], data[3]
        count, offset = 512 if mode & 1 else 256, 4
        table = data[offset + count * height:]
        entries, entry, index = [], "", 0
        for (code,) in struct.iter_unpack("<H", table[:len(table) // 2 * 2]):
            if code == 0xFFFF:
                entries.append(entry)
                entry = ""
            elif code == 0xFFFE:
                entry += "\x00"     # sequences follow: not single characters
            else:
                entry += chr(code)
    elif data[:4] == b"\x72\xb5\x4a\x86":
        _, offset, _, count, size, height, width = struct.unpack("<7I", data[4:32])
        if width != 8 or size != height:
            sys.exit(f"{path}: not an 8-pixel-wide font")
        table = data[offset + count * size:].split(b"\xff")
        entries = [entry.split(b"\xfe")[0].decode("utf-8") for entry in table]
    else:
        sys.exit(f"{path}: not a PSF font")
    if height != HEIGHT:
        sys.exit(f"{path}: glyphs have {height} lines, not {HEIGHT}")
    glyphs = {}
    for index, entry in enumerate(entries[:count]):
        glyph = data[offset + index * height:offset + (index + 1) * height]
        for character in entry.split("\x00")[0]:
            glyphs.setdefault(character, glyph)
    return glyphs


def mirror(glyph):
    """The glyph seen in a mirror."""
    return bytes(int(f"{line:08b}"[::-1], 2) for line in glyph)


def turn_right(glyph):
    """The glyph turned clockwise, in the middle of the cell: an upward triangle becomes one that points right."""
    lines = [line for line in glyph if line]
    lines = lines[-8:]
    turned = []
    for column in range(8):
        bits = "".join(str(line >> (7 - column) & 1) for line in reversed(lines))
        turned.append(int(bits.ljust(8, "0"), 2))
    return bytes(4) + bytes(turned) + bytes(4)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    glyphs = {}
    for path in sys.argv[2:]:
        for character, glyph in read_psf(path).items():
            glyphs.setdefault(character, glyph)
    rows, missing = [], []
    for code, character in enumerate(characters()):
        glyph = next((glyphs[c] for c in character + ALIKE.get(character, "") if c in glyphs), None)
        if glyph is None and code == 0x10:
            glyph = turn_right(glyphs[CONTROL[0x1E]])
        if glyph is None and code == 0x11:
            glyph = mirror(rows[0x10])
        if glyph is None:
            missing.append(f"0x{code:02x} (U+{ord(character):04X})")
            glyph = bytes(HEIGHT)
        rows.append(glyph)
    if missing or len(rows) != 256:
        sys.exit(f"mkfont.py: {256 - len(missing)} of 256 glyphs; the fonts lack " + ", ".join(missing))
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Made by scripts/mkfont.py from console-setup's fonts. */\n#include \"io/font.h\"\n\n")
        out.write("const uint8_t font_glyphs[256][FONT_HEIGHT] = {\n")
        for glyph in rows:
            out.write("    {" + ", ".join(f"0x{line:02x}" for line in glyph) + "},\n")
        out.write("};\n")


if __name__ == "__main__":
    main()
