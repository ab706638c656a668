"""How a machine ends: reset that comes back to Cobble, power-off, and a machine check that names its bank."""
import re
import tempfile
import time

from lib import build

from firmware_tests import PATIENCE_S, booting, booting_volume, read_until, wait
from harness import Result, check
from session import Machine

MACHINES = {"q35": (), "pc": ("-machine", "pc"), "no_8042": ("-machine", "q35,i8042=off"), "no_acpi": ("-no-acpi",)}
KEYBOARD = ("-device", "qemu-xhci,id=usb", "-device", "usb-kbd,bus=usb.0")      # where there is no 8042
LIMIT_S = 90
BANK, STATUS, ADDRESS = 4, "0xbe00000000800400", "0xdeadb000"


def reset_and_off(name):
    """reboot comes back to the prompt, and poweroff ends QEMU."""
    with Machine(qemu=MACHINES[name]) as machine:
        yield check(f"end.{name}.prompt", machine.wait("cobble>", LIMIT_S))
        machine.type("reboot\r")
        machine.wait("restarting the machine|BdsDxe", 10)
        machine.wait("BdsDxe", LIMIT_S)         # the firmware has the screen again
        yield Result(f"end.{name}.comes_back", machine.wait("(?s)Cobble .*cobble>", LIMIT_S),
                     "\n".join(machine.screen.display))
        machine.type("poweroff\r")
        machine.rest(8)
        ended = machine.process.poll() is not None
        if name == "no_acpi":                   # only the operator's finger can
            yield Result(f"end.{name}.says_so", machine.wait("switching the machine off", 5))
        else:
            yield Result(f"end.{name}.is_off", ended, "\n".join(machine.screen.display))


def press(pc, *keys):
    """Keys of QEMU's names, one after another."""
    for key in (*keys, "ret"):
        pc.qmp.call("send-key", keys=[{"type": "qcode", "data": key}], **{"hold-time": 40})
        time.sleep(0.2)


def without_firmware(name, qemu):
    """ResetSystem that does nothing: FADT's reset register, or 0xCF9 without ACPI, resets, and _S5_ switches off."""
    with tempfile.NamedTemporaryFile() as log:
        qemu = (*qemu, "-machine", "i8042=off", *KEYBOARD, "-d", "cpu_reset", "-D", log.name)
        with booting("R", 256, b"", qemu) as pc:
            pc.qmp.call("set-action", reboot="reset")       # it runs with -no-reboot
            text = read_until(b"USB: keyboard", pc.serial_out, PATIENCE_S)
            yield Result(f"end.{name}.made", "harsh: ResetSystem returns" in text, text[-2000:])
            press(pc, *"reboot")
            text = read_until(b"harsh: ResetSystem returns", pc.serial_out, LIMIT_S)
            text += read_until(b"USB: keyboard", pc.serial_out, LIMIT_S)
            yield Result(f"end.{name}.comes_back", "cobble>" in text.rpartition("harsh: ")[2], text[-2000:])
            yield Result(f"end.{name}.no_triple_fault", b"Triple fault" not in log.read())
            press(pc, *"poweroff")
            text = read_until(b"", pc.serial_out, LIMIT_S if name == "by_acpi" else 3)
            yield Result(f"end.{name}.off_by_s5_alone", (wait(pc.process) == 0) == (name == "by_acpi"), text[-2000:])


def machine_check():
    """QEMU injects one: the report names the bank, its status and the address."""
    with booting_volume({"EFI/BOOT/BOOTX64.EFI": build.EFI}, 256) as pc:
        text = read_until(b"cobble>", pc.serial_out, PATIENCE_S)
        line = f"mce 0 {BANK} {STATUS} 0x5 {ADDRESS} 0x0"
        pc.qmp.call("human-monitor-command", **{"command-line": line})
        text += read_until(ADDRESS.encode(), pc.serial_out, LIMIT_S)
    named = rf"panic: #MC \(machine check\) at .*; bank {BANK} of 10: uncorrected, status {STATUS}, address {ADDRESS}"
    yield Result("end.machine_check.named", re.search(named, text), text[-2000:])


def tests():
    """Name and function of each test."""
    for name in MACHINES:
        yield f"end.{name}", lambda n=name: reset_and_off(n)
    for name, qemu in {"by_acpi": (), "by_port_cf9": ("-no-acpi",)}.items():
        yield f"end.{name}", lambda n=name, q=qemu: without_firmware(n, q)
    yield "end.machine_check", machine_check
