"""Seeds for fuzz_image_lines: ELF files with the line tables of DWARF 2 to 5, as small as they come."""
import struct

from seeds import write_seeds

IDENT = b"\x7fELF\x01\x01\x01" + bytes(9)
COUNTS = bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
PROGRAM = (b"\0\x05\x02" + struct.pack("<I", 0x100000) + b"\x03\x09\x01" + b"\x4b" + b"\x04\x01\x05\x02\x0a\x21"
           b"\x02\x10\x00\x01\x01")


def unit(version, tables, program=PROGRAM):
    head = bytes([1, *([1] if version >= 4 else []), 1, 0xFB, 14, 13]) + COUNTS + tables
    body = (b"\x04\x00" if version >= 5 else b"") + struct.pack("<I", len(head)) + head + program
    return struct.pack("<IH", len(body) + 2, version) + body


OLD = b"folder\0\0" + b"one.c\0\0\0\0" + b"two.c\0\x01\x02\x03\0"
INLINE = bytes([1, 1, 8, 1]) + b"/folder\0" + bytes([2, 1, 8, 2, 0x0B, 2]) + b"one.c\0\0" + b"two.c\0\0"
SHARED = (bytes([1, 1, 0x1F, 1]) + struct.pack("<I", 0) + bytes([3, 1, 0x1F, 2, 0x0B, 5, 0x1E, 2]) +
          2 * (struct.pack("<I", 8) + b"\0" + bytes(16)))


def elf(line, strings=b"/folder\0one.c\0"):
    names = b"\0.debug_line\0.debug_line_str\0.shstrtab\0"
    parts = [(1, 1, line), (13, 1, strings), (29, 3, names)]
    offset, headers, content = 52, bytes(40), b""
    for name, kind, part in parts:
        headers += struct.pack("<10I", name, kind, 0, 0, offset + len(content), len(part), 0, 0, 1, 0)
        content += part
    return IDENT + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x100000, 0, offset + len(content), 0, 52, 32, 0, 40, 4,
                               3) + content + headers


write_seeds({
    "empty": b"",
    "version_2": elf(unit(2, OLD)),
    "version_4": elf(unit(4, OLD)),
    "version_5_inline": elf(unit(5, INLINE)),
    "version_5_shared": elf(unit(5, SHARED)),
    "two_units": elf(unit(3, OLD) + unit(5, SHARED)),
    "unknown_form": elf(unit(5, bytes([1, 1, 0x77, 1]))),
    "no_range": elf(unit(4, OLD).replace(b"\xfb\x0e\x0d", b"\xfb\x00\x0d")),
    "long_form": elf(b"\xff\xff\xff\xff" + bytes(8) + unit(4, OLD)),
    "many_entries": elf(unit(5, bytes([0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]))),
})
