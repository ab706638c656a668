"""Images for CD and USB stick: those of scripts/iso, with guests and room, and a stick filled without any script."""
import contextlib
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time
import uuid

from firmware_tests import PATIENCE_S, booting_volume, read_until, wait
from harness import ROOT, Boot, Result, check, machine_options, run
from lib import build, image, machine
from operator_tests import find_guest

CONFIG = b"autorun MyKernel.elf expect=0 timeout=20s\r\nafter poweroff\r\n"
STICK_MIB = 128
# PE format, "DLL Characteristics" and "Section Flags".
NX_COMPAT, EXECUTE, WRITE = 0x100, 0x20000000, 0x80000000
FIRST_SECTOR = 2048     # of the partition, as Windows aligns it


def boot(volume, boot_from, folder):
    """What a machine with this volume says until it ends."""
    with contextlib.closing(machine.Machine(machine_options(boot_from=boot_from), volume, folder)) as pc:
        text = read_until(b"", pc.serial_out, PATIENCE_S)
        return Boot(wait(pc.process), text, "")


def ran_it(booted):
    """The guest of the volume ran, as its cobble.cfg says."""
    return booted.status == 33 and "ok 1 - MyKernel.elf # exit 0" in booted.out


@contextlib.contextmanager
def own_files():
    """A folder with a guest and a configuration that Cobble does not come with."""
    with tempfile.TemporaryDirectory(prefix="cobble-") as name:
        folder = pathlib.Path(name)
        shutil.copy(find_guest("hello"), folder / "MyKernel.elf")
        (folder / "my.cfg").write_bytes(CONFIG)
        yield folder


def images():
    """The hybrid image as CD and as USB stick, and its reproducibility."""
    for option in ("--iso", "--usb"):
        boot = run(option, "--autorun", "hello")
        yield check(f"image.boots{option[1:]}", boot.status == 0, boot)
    result = subprocess.run([str(ROOT / "scripts" / "iso"), "--check"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    yield Result("image.reproducible", result.returncode == 0, result.stdout[-4000:])


def esp_sector(volume):
    """The first sector of the EFI system partition, by the GPT (UEFI specification, "GUID Partition Table")."""
    with open(volume, "rb") as file:
        file.seek(512)
        header = file.read(92)
        first_entry, count, size = struct.unpack_from("<QII", header, 72)
        file.seek(first_entry * 512)
        entries = [file.read(size) for _ in range(count)]
    wanted = uuid.UUID(image.ESP_TYPE_GUID).bytes_le
    return next(struct.unpack_from("<Q", entry, 32)[0] for entry in entries if entry[:16] == wanted)


def write_partition(stick, sectors):
    """An empty stick with one FAT32 partition in its master boot record (type 0x0C, addressed by sectors)."""
    entry = struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", 0x0C, b"\xfe\xff\xff", FIRST_SECTOR, sectors)
    with open(stick, "wb") as file:
        file.write(bytes(446) + entry + bytes(48) + b"\x55\xaa")
        file.truncate((FIRST_SECTOR + sectors) * 512)


def filled():
    """scripts/iso --guest --config --size: boots both ways and runs what is on it, and a tool finds room there."""
    with own_files() as folder:
        volume = folder / "stick.iso"
        made = subprocess.run([str(ROOT / "scripts" / "iso"), "--guest", str(folder / "MyKernel.elf"), "--config",
                               str(folder / "my.cfg"), "--size", "100", "--output", str(volume)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        yield Result("image.filled.is_made", made.returncode == 0, made.stdout)
        for boot_from in ("cd", "usb"):
            booted = boot(volume, boot_from, folder)
            yield check(f"image.filled.boots_{boot_from}", ran_it(booted), booted)
        free = subprocess.run(["mdir", "-i", f"{volume}@@{esp_sector(volume) * 512}", "::"], stdout=subprocess.PIPE,
                              text=True, check=True).stdout.splitlines()[-2].replace(" ", "")
        yield Result("image.filled.has_room", int(free.removesuffix("bytesfree")) > 80 * image.MIB, free)


def by_hand():
    """docs/boot.md "A stick", by hand: a FAT32 stick as Windows formats it, three things copied to it."""
    with own_files() as folder:
        stick, sectors = folder / "stick", STICK_MIB * image.MIB // 512 - FIRST_SECTOR
        write_partition(stick, sectors)
        place = f"{stick}@@{FIRST_SECTOR * 512}"
        environment = {**os.environ, "MTOOLSRC": "/dev/null"}
        for command in (["mformat", "-F", "-T", str(sectors), "-h", "64", "-s", "32", "-i", place, "::"],
                        ["mmd", "-i", place, "::/EFI", "::/EFI/BOOT", "::/guests"],
                        ["mcopy", "-i", place, str(build.EFI), "::/EFI/BOOT/BOOTX64.EFI"],
                        ["mcopy", "-i", place, str(folder / "my.cfg"), "::/cobble.cfg"],
                        ["mcopy", "-i", place, str(folder / "MyKernel.elf"), "::/guests"]):
            subprocess.run(command, env=environment, check=True)
        booted = boot(stick, "usb", folder)
        yield check("image.by_hand.boots", ran_it(booted), booted)


MENU_CONFIG = b"""choice "The first kernel"
autorun hello expect=0
after poweroff
choice Second
autorun exit.one expect=1
after poweroff
"""


def booting_menu():
    """A machine with a cobble.cfg with choices."""
    return booting_volume({"EFI/BOOT/BOOTX64.EFI": build.EFI, "cobble.cfg": MENU_CONFIG}, 256)


def menu():
    """Choices of cobble.cfg: the first after five seconds, another by its key, none by Esc."""
    with booting_menu() as pc:
        text = read_until(b"seconds.", pc.serial_out, PATIENCE_S)
        yield Result("image.menu.shown", "kernel" in text and "Second" in text, text)
        begin = time.monotonic()
        text = read_until(b"", pc.serial_out, PATIENCE_S)
        yield Result("image.menu.first_by_itself", "\nok 1 - hello # exit 0" in text and wait(pc.process) == 33 and
                     time.monotonic() - begin > 4, text)
    for name, keys, wanted in (("by_key", ["2"], b"\nok 1 - exit.one # exit 1"),
                               ("clock_stops", ["x", "1"], b"\nok 1 - hello # exit 0"),
                               ("none_by_esc", ["esc"], b"cobble>")):
        with booting_menu() as pc:
            read_until(b"seconds.", pc.serial_out, PATIENCE_S)
            for key in keys:
                pc.qmp.call("send-key", keys=[{"type": "qcode", "data": key}])
                time.sleep(6 * (key == "x"))
            text = read_until(wanted.strip(), pc.serial_out, PATIENCE_S)
            yield Result(f"image.menu.{name}", wanted.decode().strip() in text, text)


def sections():
    """Newer firmware refuses sections that are writable and executable, or unaligned, and wants NX_COMPAT."""
    data = build.EFI.read_bytes()
    pe = struct.unpack_from("<I", data, 0x3C)[0]
    count, optional_bytes = struct.unpack_from("<H12xH", data, pe + 6)
    alignment, = struct.unpack_from("<I", data, pe + 24 + 32)
    characteristics, = struct.unpack_from("<H", data, pe + 24 + 70)
    found = [struct.unpack_from("<8sII20xI", data, pe + 24 + optional_bytes + 40 * index) for index in range(count)]
    yield Result("image.sections.nx_compat", characteristics & NX_COMPAT != 0, hex(characteristics))
    yield Result("image.sections.aligned", alignment == 4096 and
                 all(address % 4096 == 0 for _, _, address, _ in found), str(found))
    yield Result("image.sections.none_writable_and_executable", count > 0 and
                 not any(flags & WRITE and flags & EXECUTE for _, _, _, flags in found), str(found))


def tests():
    """Name and function of each test."""
    for function in (images, sections, filled, by_hand, menu):
        yield f"image.{function.__name__}", function
