"""Pebbles as the machine's control system: its shell runs guest kernels as it runs programs (docs/control.md)."""
import os
import re

from harness import Result, check, run
from session import Machine

PICTURE = os.environ.get("COBBLE_CONTROL_PICTURE")      # where docs/control.png is to be written


def line():
    """The shell runs a guest kernel in the foreground, and its status is the shell's $?."""
    boot = run("--autorun", 'pebbles control=on expect=77 timeout=30s type="console\\nhalt $?\\n"')
    yield check("pebbles.line.verdict", boot.verdict("pebbles").startswith("ok "), boot)
    yield check("pebbles.line.told", "exit 77  console" in boot.out, boot)
    yield check("pebbles.line.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def ends():
    """Programs of Pebbles start every kind of guest, and judge its end; without the right there are no images."""
    boot = run("--mem", 128, "--autorun", 'pebbles control=on timeout=60s type="guest_ends\\nhalt $?\\n"',
               "--autorun", 'pebbles expect=127 timeout=30s type="console\\nhalt $?\\n"')
    yield check("pebbles.ends.verdicts", boot.status == 0, boot)
    yield check("pebbles.ends.report", re.search("guest crash.de crashed:\n.*#DE", boot.out), boot)
    yield check("pebbles.ends.refusal", "bad_magic.elf cannot be run: not an ELF" in boot.out, boot)
    yield check("pebbles.ends.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def touched(machine):
    """KiB of the guest's RAM that have a frame, by the monitor."""
    machine.type("\x1d0")
    machine.wait("cobble>", 10)
    machine.type("clear\rinfo 1\r")
    machine.wait("of which [0-9]+ KiB touched", 10)
    found = re.search("of which ([0-9]+) KiB touched", "\n".join(machine.screen.display))
    machine.type("\x1d1")
    machine.wait("pebbles\\$", 10)
    return int(found.group(1)) if found else 0


def shell():
    """A person at the shell: guests in the foreground and behind, one that crashes, one in another; Ctrl-C."""
    with Machine() as machine:
        yield check("pebbles.shell.monitor", machine.wait("cobble>", 90))
        machine.type("run pebbles control\r")
        yield check("pebbles.shell.prompt", machine.wait("pebbles\\$ *\n"))
        steps = (("ls\r", "images, which|and [0-9]+ images"), ("loop &\r", r"\[[0-9]+\] loop"),
                 ("jobs\r", r"running +loop"), ("exit.minus_ten\r", "exit -10  exit.minus_ten"),
                 ("crash.de\r", r"(?s)crashed: *\n.*#DE.*killed  crash.de"),
                 ("pebbles control=on\r", r"(?s)^ *pebbles\$ *\n *\n"), ("console\r", "exit 77  console"),
                 ("halt $?\r", "exit 77  pebbles"))
        for typed, shown in steps:
            machine.type(typed)
            seen = machine.wait(shown, 20)
            yield Result(f"pebbles.shell.{typed.split()[0]}", seen, "\n".join(machine.screen.display))
        if PICTURE:
            machine.rest(1)
            machine.command("screendump", filename=os.path.abspath(PICTURE), format="png")
        machine.type("loop\r")
        machine.rest(1)
        machine.type("\x1d1")           # the operator looks at Pebbles' own console: the view comes back
        machine.rest(0.5)
        machine.type("\x03")
        yield Result("pebbles.shell.interrupt", machine.wait("killed  loop", 20), "\n".join(machine.screen.display))


def tests():
    """The acceptance line of the issue, ends of all kinds, and a session."""
    yield "pebbles.line", line
    yield "pebbles.ends", ends
    yield "pebbles.shell", shell
