"""The audit build: after each hidden fault, hv_setpd and hv_adjustpg all page tables of the guest are checked, and
before each IRETQ its frame."""
import os
import re
import tempfile
import unittest.mock

import clone_tests
import debian
import debian_tests
import machines
import vpc_tests
from harness import Result, check, run
from lib import build

DIRECTORY = build.DIRECTORY / "audit"
ENVIRONMENT = {**os.environ, "COBBLE_BUILD": str(DIRECTORY)}
# Quick ones, which between them make every kind of leaf and go back to a guest in every way; paging_random takes a
# minute and more when it is audited.
GUESTS = ("paging_map", "paging_rights", "paging_wp", "paging_setpd", "paging_tables", "paging_alias", "paging_stack",
          "paging_traced", "event_iret", "event_nested", "user_enter", "user_int", "user_exceptions")
# Of the manifest: guests that start guests, clone them and themselves, give frames back, and what is cloned.
FAMILIES = "clone", "control"
LOCKSTEP = ("apic", "clock", "debug", "disks", "fpu", "hello", "leaves", "marks", "nmi", "screen", "serial", "tasks")
LOCKSTEP_STEPS = 50     # at the least, of each: some end after a few exits


def build_audit():
    """The build that checks."""
    build.build_in(build.ROOT, DIRECTORY, build.RUN_TARGETS, ["-Daudit=true"])
    image = (DIRECTORY / "hv" / "hv.elf").read_bytes()
    return check("audit.is_built_in", b"audit: %s" in image)


def boots():
    """A few guests that page in all ways. What the audit finds is a panic, and the stream says it."""
    yield build_audit()
    boot = run("--mem", 128, *(word for guest in GUESTS for word in ("--autorun", guest)), environment=ENVIRONMENT)
    for guest in GUESTS:
        yield check(f"audit.{guest}", boot.verdict(guest).startswith("ok "), boot)
    yield check("audit.status", boot.status == 0, boot)     # no leak, too


def families():
    """Guests that start and clone guests, to the depth and the number that is allowed: each line of the manifest."""
    yield build_audit()
    guests = [guest for guest in machines.read_manifest() if guest.heading in FAMILIES]
    boot = run("--mem", 128, *(word for guest in guests for word in ("--autorun", guest.spec)), environment=ENVIRONMENT)
    yield from (machines.judge(boot, guest, "audit") for guest in guests)
    yield check("audit.families.status", boot.status == 0, boot)
    yield check("audit.families.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def lockstep():
    """Kernels whose instructions both engines execute, some after each exit: all that a processor holds is the same,
    or it is a panic, and what they say is what they say else. timer.c wants more speed than that leaves."""
    yield build_audit()
    kernels = [kernel for kernel in vpc_tests.ALL if kernel.name in LOCKSTEP]
    with tempfile.TemporaryDirectory() as folder:
        words = " ".join(f"disk={path}" for path in vpc_tests.write_disks(folder))
        boot = run(*(word for kernel in kernels for word in ("--guest", str(kernel.path))),
                   *(word for kernel in kernels for word in
                     ("--autorun", f"{kernel.path.name} engine=lockstep mem=32M timeout=120s expect={kernel.status} "
                      f"{words if kernel.has_disks else ''}")), environment=ENVIRONMENT)
    steps = dict(re.findall(r"^# info: (\S+): (\d+) steps were the same by both engines$", boot.out, re.MULTILINE))
    for kernel in kernels:
        name = kernel.path.name
        yield check(f"audit.lockstep.{kernel.name}", boot.verdict(name).startswith("ok"), boot)
        yield check(f"audit.lockstep.{kernel.name}.steps", int(steps.get(name, 0)) >= LOCKSTEP_STEPS, boot)
    yield check("audit.lockstep.no_leak", "\n# leaked frames: 0\n" in boot.out, boot)


def lockstep_debian():
    """Debian's kernel to busybox's shell and to its end, 2,000 instructions in lock-step after each 2,000 exits."""
    yield build_audit()
    with tempfile.TemporaryDirectory() as folder:
        boot = run("--guest", debian.fetch() / "vmlinuz", "--autorun",
                   f'vmlinuz engine=lockstep moves=2000 initrd={debian_tests.write_initrd(folder)} '
                   'cmdline="console=ttyS0" input=serial type="poweroff -f\\n" expect=0 timeout=600s',
                   environment=ENVIRONMENT)
    yield check("audit.lockstep_debian", boot.verdict("vmlinuz").startswith("ok"), boot)
    yield check("audit.lockstep_debian.steps", "steps were the same by both engines" in boot.out, boot)


def slow_tests():
    """Those of scripts/test --slow."""
    yield "audit.lockstep_debian", lockstep_debian


def audited(test):
    """A test as it is, on the build that checks."""
    def function():
        yield build_audit()
        with unittest.mock.patch.dict(os.environ, ENVIRONMENT):
            for result in test():
                yield Result(f"audit.{result.name}", result.passed, result.detail)
    return function


def tests():
    """Name and function of each test."""
    yield "audit.boots", boots
    yield "audit.families", families
    yield "audit.lockstep", lockstep
    for name, test in (*clone_tests.tests(), ("vpc.copied", vpc_tests.copied), ("vpc.boots", vpc_tests.boots)):
        yield f"audit.{name}", audited(test)
