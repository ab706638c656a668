"""The matrix of machines: each cell boots Cobble, types hello on that machine's keyboard, and reads its screen.

"scripts/test matrix" boots all of them, has each reboot come back to Cobble, and ends with a table; system tests boot
those marked SHORT, once. A screen is read as a person does it: the prompt and the word behind it are looked for in the
picture, letter by letter. A cell without a picture is read on the serial line. Where no keyboard can work (MUTE), the
screen has to say so.
"""
import contextlib
import functools
import os
import pathlib
import re
import select
import sys
import tempfile
import time

from harness import ROOT, Result, machine_options
from lib import build, image, machine
from session import Screen

sys.path.append(str(ROOT / "scripts"))
import mkfont       # pylint: disable=wrong-import-position

WORD = "hello"
PROMPT = "cobble> "
LIMIT_S = 180
TYPE_S = 30
DRAW_S = 10
FIRMWARE_SAYS = "BdsDxe"
FONT_FILES = [f"/usr/share/consolefonts/{part}-{size}.psf.gz" for size in
              ("VGA16", "TerminusBold24x12", "TerminusBold32x16") for part in ("FullGreek", "Lat15")]
LARGEST_SCALE = 8
# More ways to attach the boot volume than scripts/run has.
BOOT_DEVICES = {
    **machine.BOOT_DEVICES,
    "own_drive": ("", []),      # ide-hd wants one that it may write to
    "nvme": ("", ["nvme,serial=1,drive=boot,bootindex=0"]),
    "scsi": ("", ["virtio-scsi-pci", "scsi-hd,drive=boot,bootindex=0"]),
    "scsi_cd": (",media=cdrom", ["virtio-scsi-pci", "scsi-cd,drive=boot,bootindex=0"]),
    "usb_ehci": ("", ["usb-ehci,id=ehci", "usb-storage,bus=ehci.0,drive=boot,bootindex=0"]),
}
IDE_DISK = "-drive if=none,id=disk,format=raw,snapshot=on,file=VOLUME -device ide-hd,drive=disk,bootindex=0"
NO_PS2 = "-machine q35,i8042=off"
# Read there, not in a picture; booted by the system tests, too; no keyboard that Cobble can use; for Secure Boot.
SERIAL, SHORT, MUTE, SIGNED = "serial", "short", "mute", "signed"
NO_KEYBOARD = "warn: no keyboard: no PS/2 controller"


def cells():
    """(name, QEMU's arguments, marks and "boot=" or "mem=")."""
    for mib in (64, 96, 128, 512, 2048, 3072, 4096, 6144, 12288):
        yield f"memory.{mib}", "", {f"mem={mib}"} | ({SHORT} if mib == 64 else set())
    for cpu in ("qemu64", "phenom", "core2duo", "Conroe", "Penryn", "Nehalem", "Westmere", "SandyBridge", "Haswell",
                "Skylake-Client", "Cascadelake-Server", "Denverton", "Opteron_G1", "Opteron_G5", "EPYC"):
        yield f"processor.{cpu}", f"-cpu {cpu}", {SHORT} if cpu == "Opteron_G1" else set()
    for display in ("cirrus-vga", "qxl-vga", "virtio-vga", "vmware-svga", "bochs-display", "ramfb"):
        yield f"display.{display}", f"-vga none -device {display}", set()
    yield "display.none", "-vga none", {SERIAL, SHORT}
    yield "display.virtio-gpu", "-vga none -device virtio-gpu-pci", {SERIAL}     # OVMF shows no pixels of it
    yield "display.ati-vga", "-vga none -device ati-vga", {SERIAL}      # nor does it know this one
    yield "display.second", "-device secondary-vga", set()
    yield "display.two", "-device bochs-display", set()
    for width, height in ((640, 480), (800, 600), (1024, 768), (1280, 720), (1280, 1024), (1360, 768), (1440, 900),
                          (1600, 900), (1920, 1080), (1920, 1200), (2560, 1600), (1080, 1920), (3840, 2160)):
        video = f"VGA,xres={width},yres={height},vgamem_mb=64,refresh_rate=30000"
        yield f"mode.{width}x{height}", f"-vga none -device {video}", {SHORT} if height == 1200 else set()
    for device in sorted(set(BOOT_DEVICES) - {"own_drive"}):
        yield f"volume.{device}", "", {f"boot={device}"} | ({SHORT} if device in ("cd", "nvme") else set())
    yield "volume.ahci", IDE_DISK, {"boot=own_drive"}
    yield "volume.ide", f"-machine pc {IDE_DISK}", {"boot=own_drive"}
    for name, arguments in {
            "pc": "-machine pc", "no_hpet": "-machine q35,hpet=off", "no_pit": "-machine q35,pit=off",
            "no_pic": "-machine q35,pic=off", "no_acpi": "-machine q35,acpi=off",
            "four_processors": "-smp 4", "two_sockets": "-smp 2,sockets=2",
            "numa": "-smp 2 -object memory-backend-ram,id=a,size=128M -object memory-backend-ram,id=b,size=128M "
                    "-numa node,memdev=a,cpus=0 -numa node,memdev=b,cpus=1",
            "second_host_bridge": "-device pxb-pcie,bus_nr=32,id=far -device pcie-root-port,bus=far,id=behind "
                                  "-device virtio-rng-pci,bus=behind"}.items():
        yield f"machine.{name}", arguments, {SHORT} if name == "no_acpi" else set()
    yield "machine.secure_boot", "", {SIGNED, SHORT}
    for name, arguments in {
            "usb": "-device qemu-xhci,id=usb -device usb-kbd,bus=usb.0",
            "nec_usb": "-device nec-usb-xhci,id=usb -device usb-kbd,bus=usb.0",
            "usb_hub": "-device qemu-xhci,id=usb -device usb-hub,bus=usb.0,port=1 -device usb-kbd,bus=usb.0,port=1.2",
            "usb_two": "-device qemu-xhci,id=usb -device usb-kbd,bus=usb.0 -device usb-kbd,bus=usb.0"}.items():
        yield f"keyboard.{name}", f"{NO_PS2} {arguments}", {SHORT} if name == "usb" else set()
    yield "keyboard.ps2_and_usb", "-device qemu-xhci,id=usb -device usb-kbd,bus=usb.0", set()
    for name, controller in {"ehci": "usb-ehci", "uhci": "piix3-usb-uhci", "ohci": "pci-ohci"}.items():
        yield f"keyboard.{name}", f"{NO_PS2} -device {controller},id=usb -device usb-kbd,bus=usb.0", {MUTE}


@functools.cache
def fonts():
    """The fonts as Cobble has them."""
    return mkfont.read_fonts(FONT_FILES)


def read_picture(path):
    """Width, height, and for each line of a PPM picture which pixels are not black."""
    data = path.read_bytes()
    found = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    width, height = int(found[1]), int(found[2])
    body = data[found.end():]
    lines = [bytes(map(any, zip(*[iter(body[3 * width * y:3 * width * (y + 1)])] * 3))) for y in range(height)]
    return width, height, lines


def shows(picture, text):
    """Does a row of the picture begin with this text, in one of the fonts at one of the scales?"""
    width, height, lines = picture
    for font_width, font_height, glyphs in fonts():
        for scale in range(1, LARGEST_SCALE + 1):
            left = max(0, (width - 80 * font_width * scale) // 2)
            for used in range(font_height - font_height // 16, font_height + 1):
                top = max(0, (height - 26 * used * scale) // 2)
                wanted = [b"".join((b"\1" if glyphs[ord(letter)][line] >> bit & 1 else b"\0") * scale
                                   for letter in text for bit in reversed(range(font_width)))
                          for line in range(font_height * 3 // 4)]      # above the cursor
                for row in range(26):
                    first = top + row * used * scale
                    if first + used * scale <= height and all(
                            lines[first + line * scale].startswith(bits, left) for line, bits in enumerate(wanted)):
                        return True
    return False


class Cell(Screen):
    """A running machine of the matrix."""

    def __init__(self, folder, arguments, marks):
        super().__init__()
        wanted = dict(mark.split("=") for mark in marks if "=" in mark)
        options = machine_options(boot_from=wanted.get("boot", "disk"), memory_mib=int(wanted.get("mem", 256)),
                                  secure_boot=SIGNED in marks,
                                  qemu=arguments.replace("VOLUME", str(folder / "volume")).split())
        volume, environment = folder / "volume", image.reproducible_environment(build.GIT)
        files = image.boot_files(image.sign(build.EFI, folder) if SIGNED in marks else build.EFI, {}, None)
        image.make_iso(volume, files, environment, folder)
        machine.BOOT_DEVICES.update(BOOT_DEVICES)
        self.folder = folder
        self.pc = machine.Machine(options, volume, folder)

    def read(self, seconds):
        """Feed the terminal on the serial line; False at the end."""
        if not select.select([self.pc.serial_out], [], [], seconds)[0]:
            return True
        data = os.read(self.pc.serial_out, 65536)
        self.stream.feed(data)
        return bool(data)

    def type(self, keys):
        """Keys of QEMU's names, one after another."""
        for key in keys:
            self.pc.qmp.call("send-key", keys=[{"type": "qcode", "data": key}], **{"hold-time": 40})
            self.read(0.2)
            time.sleep(0.1)

    def picture(self):
        path = self.folder / "picture.ppm"
        self.pc.qmp.call("screendump", filename=str(path), format="ppm")
        return read_picture(path)

    def draws(self, text):
        """The picture, which may come a little after the serial line, gets a row that begins with this text."""
        end = time.monotonic() + DRAW_S
        while not shows(self.picture(), text):
            if time.monotonic() > end:
                return False
            self.read(0.5)
        return True


def judge_mute(cell, name):
    """The screen names the controller that is there, and says that there is no keyboard."""
    if not cell.wait(NO_KEYBOARD, TYPE_S):
        return "nothing says that there is no keyboard"
    if not cell.wait(f"USB: {name.upper()} [0-9a-f:.]+ is not supported", TYPE_S):
        return "the controller is not named"
    return "" if cell.draws(NO_KEYBOARD) else "the picture does not say that there is no keyboard"


def reboots(cell):
    """What went wrong when the machine was told to reboot by its keyboard."""
    cell.pc.qmp.call("set-action", reboot="reset")      # it runs with -no-reboot
    cell.type(["backspace"] * len(WORD) + [*"reboot", "ret"])
    if not cell.wait(FIRMWARE_SAYS, LIMIT_S):
        return "reboot does not lead to the firmware"
    return "" if cell.wait(PROMPT, LIMIT_S) else "reboot does not come back to Cobble"


def judge(cell, arguments, marks):
    """What went wrong in a machine, "" when nothing did."""
    # QEMU's keys go to the keyboard that came last.
    if not cell.wait(r"(USB: keyboard[\s\S]*)" + f"{{{arguments.count('usb-kbd')}}}", TYPE_S):
        return "a USB keyboard is not found"
    cell.type(WORD)
    if not cell.wait(rf"{PROMPT}{WORD} *\n", TYPE_S):
        return "the keys do not arrive"
    if SERIAL not in marks and not cell.draws(PROMPT + WORD):
        return "the picture does not show them"
    return ""


def judge_cell(cell, name, arguments, marks, whole):
    """The same of what the machine is to show; whole: after a reboot, too."""
    if not cell.wait(PROMPT, LIMIT_S):
        return "no prompt"
    if MUTE in marks:
        return judge_mute(cell, name.rpartition(".")[2])
    return judge(cell, arguments, marks) or (reboots(cell) if whole else "")


def run_cell(name, arguments, marks, whole):
    """Boot a cell; one result."""
    with tempfile.TemporaryDirectory(prefix="cobble-") as folder:
        cell = Cell(pathlib.Path(folder), arguments, marks)
        with contextlib.closing(cell.pc):
            problem = judge_cell(cell, name, arguments, marks, whole)
        shown = "\n".join(cell.screen.display)
    return Result(f"matrix.{name}", not problem, f"{problem}\n{shown}" if problem else "")


def tests(whole=False):
    """One test a cell: of the short matrix, or of all."""
    for name, arguments, marks in cells():
        if whole or SHORT in marks:
            yield f"matrix.{name}", lambda cell=(name, arguments, marks, whole): iter([run_cell(*cell)])


def table(results):
    """The results as a table: a line a kind of machine, with the cells that are wrong."""
    kinds = {}
    for result in results:
        kind, _, cell = result.name.removeprefix("matrix.").partition(".")
        kinds.setdefault(kind, []).append((cell, result))
    lines = ["| machines | cells | right | wrong |", "|---|---|---|---|"]
    for kind, row in kinds.items():
        wrong = [f"{cell}: {result.detail.splitlines()[0]}" for cell, result in row if not result.passed]
        lines.append(f"| {kind} | {len(row)} | {len(row) - len(wrong)} | {'; '.join(wrong) or '-'} |")
    return "\n".join(lines)
