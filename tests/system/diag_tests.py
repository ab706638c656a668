"""diag: one page that fits the screen, and says what there is and what is missing, on machines that differ."""
import os
import re

from harness import Result, check
from session import Machine

XHCI = ("-device", "qemu-xhci,id=usb", "-device", "usb-kbd,bus=usb.0,port=1", "-device", "usb-hub,bus=usb.0,port=2",
        "-device", "usb-kbd,bus=usb.0,port=2.3")
PICTURE = os.environ.get("COBBLE_DIAG_PICTURE")     # where docs/diag.png is to be written
# Of each machine: what QEMU is told, and what the page must say.
MACHINES = {
    "usb": (("-machine", "q35,i8042=off", *XHCI, "-device", "usb-ehci"),
            ("USB +xHCI 00:[0-9a-f.:]+ runs, 8 ports", "0627:0001 keyboard, port [0-9], hub port 3", "0409:55aa hub",
             "EHCI 00:[0-9a-f.:]+ is not driven", "keyboard +PS/2: no; .* controller: no",
             "interrupts +xAPIC, 1 I/O APIC, 8259: yes")),
    "old": (("-machine", "pc,hpet=off", "-vga", "none", "-cpu", "max,-hypervisor"),
            ("TSC [1-9][0-9]+ kHz by ACPI PM timer, watched, alarm by local APIC", "steady TSC: no, virtual: no",
             "timers +HPET: not there; ACPI PM timer: chosen; PIT: not tried", "display +none: serial only",
             "keyboard +PS/2: yes", "serial +port 0x3f8, interrupt 4", "USB +no controller")),
    "bare": (("-no-acpi",), ("interrupts +xAPIC, 0 I/O APICs, 8259: assumed", "there is a controller: nothing",
                             "refused +no ACPI interrupt")),
    "full": (("-device", "pci-bridge,id=bridge,chassis_nr=1,bus=pcie.0",
              *(word for i in range(1, 25) for word in ("-device", f"virtio-rng-pci,bus=bridge,addr={i:x}"))),
             ("PCI +3[0-9] functions", r">01 1b36:0001", "and [0-9]+ more", "refused +nothing")),
}
ROWS = ("firmware +EDK II", "processor +[A-Z]", "AuthenticAMD 0x", "memory +[1-9][0-9]+ MiB usable",
        "map of [1-9][0-9]+ entries")


def page(name):
    """The page of one machine: complete, nothing cut off at its end, its first row still on the screen."""
    qemu, wanted = MACHINES[name]
    with Machine(qemu=qemu) as machine:
        yield check(f"diag.{name}.prompt", machine.wait("cobble>", 90))
        if "usb-kbd,bus=usb.0,port=1" in qemu:
            machine.wait("(?s)USB: keyboard .*USB: keyboard ", 20)
        machine.type("diag\r")
        machine.wait("(?s)refused .*cobble> *\n")
        if PICTURE and name == "usb":
            machine.rest(1)
            machine.command("screendump", filename=os.path.abspath(PICTURE), format="png")
        rows = [row.rstrip() for row in machine.screen.display]
    shown = "\n".join(rows)
    yield Result(f"diag.{name}.fits", rows[0].startswith("Cobble ") and all(len(row) < 80 for row in rows[:24]), shown)
    for number, pattern in enumerate((*ROWS, *wanted)):
        yield Result(f"diag.{name}.{number}", re.search(pattern, shown), f"not there: {pattern}\n{shown}")


def tests():
    """One test a machine."""
    for name in MACHINES:
        yield f"diag.{name}", lambda n=name: page(n)
