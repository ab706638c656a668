#!/usr/bin/env python3
"""Seeds of fuzz_cpio: a good archive, and one of each kind of damage the reader has to notice."""
import seeds


def member(name, data, name_bytes=None, data_bytes=None, magic=b"070701"):
    """One newc entry; the two lengths can be told wrong."""
    name += b"\0"
    fields = [1, 0o100644, 0, 0, 1, 0, len(data) if data_bytes is None else data_bytes, 0, 0, 0, 0,
              len(name) if name_bytes is None else name_bytes, 0]
    header = magic + b"".join(b"%08X" % field for field in fields) + name
    return header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4)


GOOD = member(b"guests/hello", b"some data") + member(b"empty", b"") + member(b"last.elf", b"\x7fELF")
TRAILER = member(b"TRAILER!!!", b"")

seeds.write_seeds({
    "good": GOOD + TRAILER,
    "no_trailer": GOOD,
    "empty": TRAILER,
    "cut_header": GOOD[:60],
    "cut_name": GOOD[:115],
    "cut_data": GOOD[:126],
    "long_name": member(b"name", b"", name_bytes=0xFFFFFFFF) + TRAILER,
    "long_data": member(b"name", b"data", data_bytes=0xFFFFFFFF) + TRAILER,
    "no_name": member(b"", b"data", name_bytes=0) + TRAILER,
    "nul_in_name": member(b"a\0b", b"data") + TRAILER,
    "wrong_magic": member(b"name", b"data", magic=b"070702") + TRAILER,
})
