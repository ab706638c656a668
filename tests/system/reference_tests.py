"""The reference build: every trap goes to C, which must do what the assembly of the shipped build does.

Every guest of the manifest runs on both, and what their crash reports say is the same to the letter: reason, registers,
last events, tables. So a record or a register that only one of the two keeps is seen.
"""
import os

import machines
from harness import Result, check, run
from lib import build

DIRECTORY = build.DIRECTORY / "reference"
MACHINE, MEMORY_MIB = machines.MACHINES[0]
# Where a tick or a key comes in a loop, what ID the next child gets, what a parent asks just then, or how much memory a
# larger hypervisor leaves, is no two builds' business to agree on.
DIFFERS = {"event_bad.tick_without_slot", "paging_crash.pte_beyond_tick", "paging_crash.pte_beyond_unmasked",
           "paging_crash.pte_beyond_iret", "iret_vm.interrupt_ring_0", "iret_vm.interrupt_ring_1",
           "iret_vm.kernel_ring_3", "control_tree.tree", "control_tree.crashes", "control_tree.bomb",
           "control_clone.parent", "control_clone.bomb", "control_pc.machines", "mistake_event.timer_empty",
           "mistake_strict.behind_key", "mistake_strict.stack_full_behind_key",
           *machines.OVERCOMMITS}


def report_lines(batches):
    """What was reported of each guest: {guest: lines}."""
    reports = {}
    for _, boot, _ in batches:
        for line in boot.out.splitlines():
            name, mark, text = line.removeprefix("# ").partition("! ")
            if line.startswith("# ") and mark and " " not in name:
                reports.setdefault(name, []).append(text)
    return reports


def compared(shipped, reference):
    """Names of the guests of which either reports, and both are to agree."""
    late = {guest.name for guest in machines.read_manifest() if "expect=timeout" in guest.spec}
    return sorted((shipped.keys() | reference.keys()) - DIFFERS - late)


def look_again(shipped, reference):
    """Guests whose reports differ, once more on both: a tick that came in one of them by chance, on a machine that has
    other things to do, does not again. What the builds do differently they do each time."""
    names = {name for name in compared(shipped, reference) if shipped.get(name) != reference.get(name)}
    for reports, directory in (shipped, build.DIRECTORY), (reference, DIRECTORY):
        if names:
            reports.update(report_lines(machines.boot_batches(MACHINE, MEMORY_MIB, directory, names)))


def compare_reports(shipped, reference):
    """One result a guest that either reports."""
    for name in compared(shipped, reference):
        ours, theirs = shipped.get(name, []), reference.get(name, [])
        lines = [f"assembly: {line}" for line in ours if line not in theirs]
        lines += [f"C: {line}" for line in theirs if line not in ours]
        yield Result(f"reference.report.{name}", ours == theirs, "\n".join(lines))


def boots():
    """The manifest on the first machine, by both builds, judged and compared; then three busy guests by turns."""
    yield from machines.run_machine(MACHINE, MEMORY_MIB)
    build.build_in(build.ROOT, DIRECTORY, build.RUN_TARGETS, ["-Dlean=false"])
    for name, directory, has in (("shipped", build.DIRECTORY, True), ("reference", DIRECTORY, False)):
        image = (directory / "hv" / "hv.elf").read_bytes()
        yield check(f"reference.{name}_build", all((word in image) == has for word in
                                                   (b"lean_hypercall", b"lean_page_fault", b"lean_tick\0")))
    reference = machines.boot_batches(MACHINE, MEMORY_MIB, DIRECTORY)
    for batch in reference:
        yield from machines.judge_batch("reference", *batch)
    shipped, reports = report_lines(machines.boot_batches(MACHINE, MEMORY_MIB)), report_lines(reference)
    yield check("reference.reports_are_there", len(shipped) > len(DIFFERS))
    look_again(shipped, reports)
    yield from compare_reports(shipped, reports)
    boot = run("--together", *["--autorun", "turns timeout=60s"] * 3,
               environment={**os.environ, "COBBLE_BUILD": str(DIRECTORY)})
    yield check("reference.turns", boot.status == 0 and boot.out.count(" - turns # exit 0 ") == 3, boot)


def tests():
    """The first of the machines, whose boots are those that the reference build is compared with."""
    yield f"machines.{MACHINE}-{MEMORY_MIB}.reference", boots
