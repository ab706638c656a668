"""Serial lines that are not where every PC has them: at an odd port, on a PCI card, on USB."""
import pathlib
import re
import socket
import tempfile
import time

from firmware_tests import PATIENCE_S, booting_volume, ended, read_until
from harness import Result, check
from lib import build

ODD_PORT = ("-global", "isa-serial.iobase=0x2e0", "-global", "isa-serial.irq=5")
CONFIG = b"autorun hello expect=0 timeout=20s\nafter poweroff\n"


def booting(config, qemu):
    """A machine with this cobble.cfg."""
    return booting_volume({"EFI/BOOT/BOOTX64.EFI": build.EFI, "cobble.cfg": config}, 256, qemu)


def shown(text):
    """Without the sequences that place the cursor."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", " ", text)


def is_open(pc, number):
    """Whether this input of the IOAPIC lets interrupts through."""
    state = pc.qmp.call("human-monitor-command", **{"command-line": "info pic"})
    return "masked" not in re.search(rf"^ *pin {number} .*$", state, re.MULTILINE)[0]


def odd_port():
    """A UART at 0x2E0 is used when the configuration says so, by its interrupt when that is told, too; else polled."""
    result = ended(booting(b"serial 0x2e0,5\n" + CONFIG, ODD_PORT))
    yield check("serial.odd_port.plan", "TAP version 13\n" in result.out and
                result.verdict("hello").startswith("ok "), result)
    for name, config, interrupts in (("interrupt", b"serial=0x2e0,5\n", True), ("polled", b"serial 0x2e0\n", False)):
        with booting(config, [*ODD_PORT, "-serial", "none"]) as pc:
            text = read_until(b"cobble>", pc.serial_out, PATIENCE_S)
            yield Result(f"serial.odd_port.{name}.prompt", "cobble>" in text, text[-2000:])
            yield Result(f"serial.odd_port.{name}.is_as_told", is_open(pc, 5) == interrupts)


def nobody_there():
    """A port that no UART answers at leaves the serial line where it is, and that is said."""
    with booting(b"serial 0x2e0,5\n", ()) as pc:
        text = shown(read_until(b"answers there", pc.serial_out, PATIENCE_S))
    yield Result("serial.nobody_there", "warn: serial 0x2e0: no UART answers there" in text, text[-2000:])


def pci_card():
    """A card is found by itself where no other port has a UART, and typed on."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "line"
        qemu = [*ODD_PORT, "-chardev", f"socket,id=line,path={path},server=on,wait=on", "-device",
                "pci-serial,chardev=line"]
        with booting(b"", qemu) as pc, socket.socket(socket.AF_UNIX) as line:
            end = time.monotonic() + PATIENCE_S
            while not path.exists() and time.monotonic() < end:
                time.sleep(0.1)
            line.connect(str(path))
            text = shown(read_until(b"cobble>", line.fileno(), PATIENCE_S))
            yield Result("serial.pci_card.prompt", "cobble>" in text, text[-2000:])
            yield Result("serial.pci_card.said", re.search(r"serial: PCI card 00:0\d\.0, port 0x[0-9a-f]+, polled",
                                                           text), text[-2000:])
            line.sendall(b"log\r")
            # Words come one by one, with the cursor moved between them.
            text = shown(read_until(b"level", line.fileno(), PATIENCE_S) +
                         read_until(b"cobble>", line.fileno(), PATIENCE_S))
            yield Result("serial.pci_card.types", "log level info" in text, text[-2000:])
            pc.qmp.call("query-status")


def usb_adapter():
    """An adapter on USB is said to be unsupported."""
    qemu = ("-chardev", "null,id=line", "-device", "qemu-xhci", "-device", "usb-serial,chardev=line,always-plugged=on")
    with booting(b"", qemu) as pc:
        text = shown(read_until(b"is a serial line", pc.serial_out, PATIENCE_S))
    yield Result("serial.usb_adapter",
                 re.search(r"warn: USB: 0403:6001 at [0-9a-f:.]+ port \d is a serial line", text), text[-2000:])


def tests():
    """Name and function of each test."""
    for function in (odd_port, nobody_there, pci_card, usb_adapter):
        yield f"serial.{function.__name__}", function
