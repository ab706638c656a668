#!/usr/bin/env python3
"""Seeds of fuzz_acpi: a memory with one of each table, and ones that lie in one place."""
import struct

import seeds

RSDP, RSDT, XSDT, MADT, FADT, HPET, SPCR, DSDT = 0x10, 0x40, 0x80, 0xC0, 0x140, 0x240, 0x280, 0x2E0
SIZE = 0x320
REPAIRS = 1
S5 = b"\x10\x02\x08_S5_\x12\x06\x04\x0a\x05\x01\x00\x00"


def summed(content, checksum_at):
    """The content with one byte changed so that all sum to zero."""
    content = bytearray(content)
    content[checksum_at] = (content[checksum_at] - sum(content)) & 0xFF
    return bytes(content)


def table(signature, body, revision=1, length=None):
    header = signature + struct.pack("<IBB", 36 + len(body) if length is None else length, revision, 0) + bytes(26)
    return summed(header + body, 9)


def rsdp(revision=2, rsdt=RSDT, xsdt=XSDT):
    first = summed(b"RSD PTR " + bytes(7) + struct.pack("<BI", revision, rsdt), 8)
    return summed(first + struct.pack("<IQI", 36, xsdt, 0), 32)


def fadt():
    body = bytearray(244 - 36)
    for offset, form, value in ((40, "<I", DSDT), (64, "<I", 0x604), (68, "<I", 0x704), (76, "<I", 0x608),
                                (109, "<H", 2), (112, "<I", 1 << 8 | 1 << 10), (116, "<I", 0x801),
                                (120, "<Q", 0xCF9), (128, "<B", 6), (140, "<Q", DSDT), (172, "<I", 0x2001)):
        struct.pack_into(form, body, offset - 36, value)
    return table(b"FACP", bytes(body), revision=4)


def memory(flags=0, **changed):
    """All of it; a table named by its signature in changed replaces the good one."""
    entries = (FADT, MADT, HPET, SPCR)
    madt = struct.pack("<II", 0xFEE00000, 1) + struct.pack("<BBBBII", 1, 12, 0, 0, 0xFEC00000, 0)
    madt += struct.pack("<BBBBIH", 2, 10, 0, 9, 9, 13) + struct.pack("<BBHQ", 5, 12, 0, 0xFEE00000)
    parts = {
        "rsdp": (RSDP, rsdp()), "rsdt": (RSDT, table(b"RSDT", struct.pack("<4I", *entries))),
        "xsdt": (XSDT, table(b"XSDT", struct.pack("<3Q", *entries[:3]))), "madt": (MADT, table(b"APIC", madt)),
        "fadt": (FADT, fadt()), "hpet": (HPET, table(b"HPET", bytes(8) + struct.pack("<Q", 0xFED00000) + bytes(4))),
        "spcr": (SPCR, table(b"SPCR", bytes(4) + struct.pack("<IQ", 0x801, 0x2E8) + bytes(28))),
        "dsdt": (DSDT, table(b"DSDT", S5)),
    }
    content = bytearray(SIZE)
    for name, (offset, data) in parts.items():
        data = changed.get(name, data)
        content[offset:offset + len(data)] = data
    content[0] = flags
    return bytes(content)


seeds.write_seeds({
    "good": memory(),
    "good_by_rsdt": memory(rsdp=rsdp(revision=0)),
    "repaired": memory(REPAIRS),
    "repaired_rsdt": memory(REPAIRS, rsdp=rsdp(revision=0)),
    "xsdt_outside": memory(rsdp=rsdp(xsdt=0xFFFFFFFFFFFFFFF0)),
    "xsdt_is_its_own_entry": memory(REPAIRS, xsdt=table(b"XSDT", struct.pack("<3Q", XSDT, XSDT, XSDT))),
    "long_xsdt": memory(REPAIRS, xsdt=table(b"XSDT", b"", length=0x280)),
    "madt_entry_of_no_length": memory(REPAIRS, madt=table(b"APIC", bytes(8) + b"\x01\x00\x00\x00")),
    "madt_entry_too_long": memory(REPAIRS, madt=table(b"APIC", bytes(8) + b"\x01\xff\x00\x00")),
    "nine_ioapics": memory(REPAIRS, rsdp=rsdp(0, rsdt=SIZE)) + table(b"RSDT", struct.pack("<I", SIZE + 40)) +
                    table(b"APIC", bytes(8) + 9 * (b"\x01\x0c" + bytes(10))),
    "300_tables": memory(REPAIRS, rsdp=rsdp(0, rsdt=SIZE)) + table(b"RSDT", 300 * struct.pack("<I", FADT)),
    "short_fadt": memory(REPAIRS, fadt=table(b"FACP", b"")),
    "segments": memory(REPAIRS, hpet=table(b"MCFG", bytes(8) + struct.pack("<QHBBI", 0xB0000000, 1, 0, 255, 0))),
    "host_bridges": memory(REPAIRS, spcr=table(b"SSDT", b"\x41\xd0\x0a\x08PNP0A03" + bytes(40))),
    "s5_at_the_end": memory(REPAIRS, dsdt=table(b"DSDT", b"\x08_S5_\x12")),
    "cut": memory(REPAIRS)[:DSDT + 40],
    "short": b"\0" * 20,
})
