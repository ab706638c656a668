#!/usr/bin/env python3
"""mkbadimages.py GOOD OUTPUT... - derive images that must be refused from a good ELF32 guest.

Each output is named bad_KIND.elf; KIND is one of the functions below. Each function gets the good image as a
bytearray and damages one thing only, so that the refusal must name exactly that.
"""
import pathlib
import struct
import sys

# Offsets in the ELF header and in a program header: ELF specification, "ELF Header" and "Program Header".
E_TYPE, E_MACHINE, E_VERSION, E_ENTRY, E_PHOFF, E_PHENTSIZE, E_PHNUM = 16, 18, 20, 24, 28, 42, 44
P_TYPE, P_OFFSET, P_VADDR, P_PADDR, P_FILESZ, P_MEMSZ = 0, 4, 8, 12, 16, 20
PHDR_BYTES = 32
PT_NOTE = 4
DEFAULT_RAM_BYTES = 24 << 20


def put(image, offset, value, form="<I"):
    struct.pack_into(form, image, offset, value)


def get(image, offset, form="<I"):
    return struct.unpack_from(form, image, offset)[0]


def phdr(image, index):
    """File offset of a program header."""
    return get(image, E_PHOFF) + index * PHDR_BYTES


def segment_move(image, index, address):
    put(image, phdr(image, index) + P_VADDR, address)
    put(image, phdr(image, index) + P_PADDR, address)


def empty(image):
    return b""


def text(image):
    return b"#!/bin/sh\necho this is no kernel\n" * 10


def magic(image):
    image[3] = ord("f")


def cut_in_magic(image):
    return image[:3]


def cut_in_header(image):
    return image[:40]


def cut_in_phdrs(image):
    return image[:phdr(image, 0) + PHDR_BYTES + 10]


def cut_in_segment(image):
    return image[:get(image, phdr(image, 0) + P_OFFSET) + get(image, phdr(image, 0) + P_FILESZ) // 2]


def class64(image):
    image[4] = 2


def class0(image):
    image[4] = 0


def big_endian(image):
    image[5] = 2


def machine_x86_64(image):
    put(image, E_MACHINE, 62, "<H")


def machine_arm(image):
    put(image, E_MACHINE, 40, "<H")


def relocatable(image):
    put(image, E_TYPE, 1, "<H")


def shared(image):
    put(image, E_TYPE, 3, "<H")


def core(image):
    put(image, E_TYPE, 4, "<H")


def no_phdrs(image):
    put(image, E_PHNUM, 0, "<H")


def no_load(image):
    for index in range(get(image, E_PHNUM, "<H")):
        put(image, phdr(image, index) + P_TYPE, PT_NOTE)


def many_phdrs(image):
    put(image, E_PHNUM, 0xFFFF, "<H")


def phentsize(image):
    put(image, E_PHENTSIZE, PHDR_BYTES - 4, "<H")


def phoff_outside(image):
    put(image, E_PHOFF, 0xFFFFFFF0)


def offset_outside(image):
    put(image, phdr(image, 0) + P_OFFSET, 0xFFFFF000)


def filesz_huge(image):
    put(image, phdr(image, 0) + P_FILESZ, 0x7FFFFFFF)
    put(image, phdr(image, 0) + P_MEMSZ, 0x7FFFFFFF)


def filesz_above_memsz(image):
    put(image, phdr(image, 0) + P_MEMSZ, get(image, phdr(image, 0) + P_FILESZ) - 1)


def paddr_differs(image):
    put(image, phdr(image, 1) + P_PADDR, get(image, phdr(image, 1) + P_VADDR) + 0x100000)


def outside_ram(image):
    segment_move(image, 2, DEFAULT_RAM_BYTES)


def across_end_of_ram(image):
    segment_move(image, 2, DEFAULT_RAM_BYTES - get(image, phdr(image, 2) + P_MEMSZ) + 1)


def address_wraps(image):
    segment_move(image, 2, 0xFFFFF000)


def memsz_wraps(image):
    put(image, phdr(image, 2) + P_MEMSZ, 0xFFFFFFFF)


def overlap(image):
    segment_move(image, 1, get(image, phdr(image, 0) + P_VADDR) + 0x10)


def overlap_same(image):
    segment_move(image, 1, get(image, phdr(image, 0) + P_VADDR))


def entry_outside(image):
    put(image, E_ENTRY, 0x00800000)


def entry_zero(image):
    put(image, E_ENTRY, 0)


def entry_outside_ram(image):
    put(image, E_ENTRY, 0xFFFFFFFF)


def main():
    good = pathlib.Path(sys.argv[1]).read_bytes()
    for output in map(pathlib.Path, sys.argv[2:]):
        image = bytearray(good)
        damaged = globals()[output.stem.removeprefix("bad_")](image)
        output.write_bytes(image if damaged is None else damaged)


main()
