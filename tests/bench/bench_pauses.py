"""Test guests that spin by NOP in place of PAUSE, for which QEMU leaves its loop each time: a second of it is minutes.

To the hypervisor the two are the same: it never sees either, and who follows a loop to see whether it waits goes over
both.
"""
import contextlib
import os
import pathlib
import struct
import subprocess
import tempfile

from bench_runs import BenchError
from lib import build

PAUSE, NOPS = b"\xf3\x90", b"\x90\x90"
ELF32 = b"\x7fELF\x01"
LOAD = 1                            # ELF specification, "Program Header": PT_LOAD


def loaded(elf):
    """Of each part that an ELF32 image loads: where it is in the file, its address, its bytes."""
    at, = struct.unpack_from("<I", elf, 28)
    size, count = struct.unpack_from("<HH", elf, 42)
    headers = [struct.unpack_from("<5I", elf, at + size * number) for number in range(count)]
    return [(offset, address, bytes_) for kind, offset, address, _, bytes_ in headers if kind == LOAD]


def pause_addresses(path):
    """Where the instructions are: the same bytes may be in the middle of another."""
    out = subprocess.run(["llvm-objdump", "-d", "--no-show-raw-insn", str(path)], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    return [int(words[0].rstrip(":"), 16) for words in map(str.split, out.splitlines()) if words[1:] == ["pause"]]


def without_pauses(image, guests):
    """An image with these guests in it, by their files; and in how many of them there were some."""
    changed, count = bytearray(image), 0
    for path in guests:
        elf = path.read_bytes()
        found = pause_addresses(path) if elf.startswith(ELF32) and PAUSE in elf and elf in image else []
        count += found != []
        for address in found:
            at, = [image.index(elf) + offset + address - first for offset, first, size in loaded(elf)
                   if first <= address < first + size]
            if image[at:at + 2] != PAUSE:
                raise BenchError(f"{path}: there is no PAUSE at 0x{address:x}")
            changed[at:at + 2] = NOPS
    return bytes(changed), count


@contextlib.contextmanager
def environment():
    """Variables by which scripts/run boots such an application."""
    guests = [path for path in sorted(build.GUESTS.iterdir()) if path.is_file() and path.suffix != ".elf"]
    image, count = without_pauses(build.EFI.read_bytes(), guests)       # *.elf are bad images
    if count == 0:
        raise BenchError("no test guest was found that has a PAUSE")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "cobble.efi"
        path.write_bytes(image)
        yield {**os.environ, "COBBLE_EFI": str(path)}
