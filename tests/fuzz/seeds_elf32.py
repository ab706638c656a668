"""Seeds for fuzz_elf32: tiny ELF files, good ones and ones that are wrong in one place."""
import struct

from seeds import write_seeds

IDENT = b"\x7fELF\x01\x01\x01" + bytes(9)


def program_header(offset, address, file_bytes, memory_bytes, kind=1):
    return struct.pack("<8I", kind, offset, address, address, file_bytes, memory_bytes, 7, 0x1000)


def elf(segments, ident=IDENT, kind=2, entry=0x100000, tail=b"", section_offset=0, section_count=0):
    header = ident + struct.pack("<HHIIIIIHHHHHH", kind, 3, 1, entry, 52, section_offset, 0, 52, 32, len(segments),
                                 40, section_count, 0)
    return header + b"".join(segments) + tail


def with_symbols():
    names = b"\0main\0start\0"
    symbols = bytes(16)
    symbols += struct.pack("<IIIBBH", 1, 0x100000, 4, 0x12, 0, 1)
    symbols += struct.pack("<IIIBBH", 6, 0x100004, 0, 0, 0, 1)
    tables = 52 + 32
    sections = bytes(40)
    sections += struct.pack("<10I", 0, 2, 0, 0, tables, len(symbols), 2, 0, 4, 16)
    sections += struct.pack("<10I", 0, 3, 0, 0, tables + len(symbols), len(names), 0, 0, 1, 0)
    tail = symbols + names + sections
    return elf([program_header(0, 0x100000, 52, 0x1000)], tail=tail, section_count=3,
               section_offset=tables + len(symbols) + len(names))


GOOD = program_header(0, 0x100000, 52, 0x1000)

write_seeds({
    "empty": b"",
    "magic_only": IDENT,
    "good": elf([GOOD]),
    "bss": elf([GOOD, program_header(0, 0x200000, 0, 0x10000)]),
    "overlap": elf([GOOD, program_header(0, 0x100800, 8, 0x1000)]),
    "outside_ram": elf([program_header(0, 0x1800000, 52, 0x1000)]),
    "wraps": elf([program_header(0, 0xFFFFF000, 52, 0xFFFFFFFF)]),
    "truncated": elf([program_header(0, 0x100000, 0x1000, 0x1000)]),
    "entry_outside": elf([GOOD], entry=0x99999),
    "elf64": elf([GOOD], ident=b"\x7fELF\x02\x01\x01" + bytes(9)),
    "big_endian": elf([GOOD], ident=b"\x7fELF\x01\x02\x01" + bytes(9)),
    "shared_object": elf([GOOD], kind=3),
    "no_segments": elf([]),
    "symbols": with_symbols(),
})
