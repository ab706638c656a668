"""Seeds for fuzz_svm: each reason for which a guest is left, with an event under way and without, in some states."""
import struct

from seeds import write_seeds

SEGMENT, CR, TABLES, GPR, SHADOW, RAISES, BEYOND, NMI = (1 << bit for bit in range(8))
CODE = b"\x90\x0f\xa2\xec\xf4\xcf\x8b\x06\x89\x06\xf3\xa4\x0f\x20\xc0\x0f\x22\xd8\x0f\x23\xf8\xcd\x40\xfb\xee\x8e\xd8"
REASONS = (*range(0x00, 0xA6), *range(0x400, 0x404), 0x8000)
EVENTS = (0, 0x80000020, 0x80000202, 0x80000300, 0x80000B0D, 0x80000B0E, 0x80000440, 0x80000303, 0x0000030E)


def head(leaves, moves=0, dr7=0, cr4=0, eflags=0x202):
    return struct.pack("<BBHIII", leaves, moves, 0, dr7, cr4, eflags)


def leave(code, what=0, number=0, info1=0, info2=0, event=0, error=0, rip=0x1000, rflags=0x202, value=0):
    return struct.pack("<HBBIIIIIII", code, what, number, info1, info2, event, error, rip, rflags, value)


def some(codes, **fields):
    return b"".join(leave(code, **fields) for code in codes)


def seed(leaves, **fields):
    return head(len(leaves) // 32, **fields) + leaves + CODE


SEEDS = {f"reasons_{first:x}_{way}": seed(some(REASONS[first:first + 16], event=event, **fields))
         for first in range(0, len(REASONS), 16)
         for way, (event, fields) in enumerate(((0, {}), (0x80000B0E, {"what": RAISES | SHADOW}),
                                                (0, {"what": CR | GPR, "value": 0x80000011, "info2": 0x3000})))}
SEEDS |= {f"event_{number}": seed(some((0x60, 0x400, 0x41, 0x51, 0x64, 0x7B, 0x7D, 0x7F), event=event, what=RAISES))
          for number, event in enumerate(EVENTS)}
SEEDS |= {
    "ports": seed(b"".join(leave(0x7B, info1=port << 16 | kind, info2=0x1001, value=0x41, what=GPR)
                           for port in (0x20, 0x40, 0x60, 0x3F8, 0x1F7, 0xF4, 0x604, 0x92)
                           for kind in (0x11, 0x10, 0x20, 0x41))),
    "memory": seed(b"".join(leave(0x400, info1=kind, info2=at) for at in
                            (0x1000, 0xB8000, 0xFEE00300, 0xFEC00000, 0x200000, 0xFFFFF000) for kind in (4, 6))),
    "apic": seed(b"".join(leave(0x400, info1=4, info2=0xFEE00020) for _ in range(32))),
    "beyond": seed(leave(0x400, what=BEYOND, info1=6, info2=0x5000) * 2),
    "segments": seed(b"".join(leave(0x72, what=SEGMENT, number=number, value=0x0C9B0008, error=0xFFFFF)
                              for number in range(8))),
    "tables": seed(leave(0x72, what=TABLES | CR, info1=0x7FF, value=0x11, error=0x1000, rip=0x2000) * 2),
    "user": seed(leave(0x51, what=CR, number=0x30, value=0x40011, rflags=0x40202) * 2),
    "virtual_8086": seed(leave(0x72, what=CR, value=0x11, rflags=0x20202)),
    "breakpoints": seed(some((0x60, 0x72, 0x33)), moves=2, dr7=0x000D0401),
    "moves": seed(some((0x72, 0x400, 0x60, 0x78) * 4, what=RAISES), moves=1),
    "nmi": seed(some((0x74, 0x60, 0x74), what=NMI)),
}
write_seeds(SEEDS)
