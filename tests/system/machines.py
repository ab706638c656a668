"""Every test guest of the manifest, in a boot or two a machine: q35 and pc, little memory and more than 4 GiB.

Those under [counted] are for tests/system/latency_tests.py, those under [soak] for soak_tests.py.
"""
import functools
import os
import pathlib
import tempfile

from harness import EXPECTED, Result, check, read_manifest, run
from lib import build

OVERCOMMITTED_MIB = 400     # these use up a machine that has less than this
OVERCOMMITS = ("paging_overcommit", "give_back.balloon", "give_back.launch")
BATCH = 200     # guests a boot
MACHINES = [("q35", 128), ("q35", 6144), ("pc", 128), ("pc", 6144)]


def report_of(boot, guest):
    """What the stream says of one guest's end: its crash report or refusal, and its verdict."""
    lines = [line for line in boot.out.splitlines() if line.startswith(f"# {guest.name}!")]
    return "\n".join([*lines, boot.verdict(guest.name)])


def judge(boot, guest, machine):
    """The guest ended as the manifest says, and its report says why."""
    name = f"guest.{machine}.{guest.name}"
    verdict = boot.verdict(guest.name)
    if not verdict.startswith("ok "):
        return Result(name, False, report_of(boot, guest) or boot.tail())
    missing = [words for words in guest.reason.split(" && ") if words not in report_of(boot, guest)]
    if missing:
        return Result(name, False, f"the report does not contain {missing}:\n{report_of(boot, guest)}")
    return Result(name, True)


def compare_dump(dump, path, machine):
    """The console that the guest left is the committed one."""
    blocks = {}
    for line in dump.splitlines():
        if line.startswith("== "):
            _, _, name, rest = line.split(" ", 3)
            blocks[name] = current = [f"== {name} {rest}"]
        else:
            current.append(line)
    seen = blocks.get(path.stem, [])
    wanted = path.read_text(encoding="utf-8").splitlines()
    return Result(f"console.{machine}.{path.stem}", seen == wanted, "\n".join(seen))


@functools.cache
def boot_batches(machine, memory, directory=build.DIRECTORY, names=None):
    """All guests on one machine of a build, or these, fewer a boot than a configuration may name: (guests, boot,
    consoles)."""
    guests = [guest for guest in read_manifest() if guest.heading not in ("counted", "soak") and
              (guest.name not in OVERCOMMITS or memory < OVERCOMMITTED_MIB) and (names is None or guest.name in names)]
    batches = []
    for first in range(0, len(guests), BATCH):
        batch = guests[first:first + BATCH]
        specs = [argument for guest in batch for argument in ("--autorun", guest.spec)]
        with tempfile.TemporaryDirectory() as folder:
            dump = pathlib.Path(folder) / "dump.txt"
            boot = run("--mem", memory, "--dump-console", dump, *specs, "--", "-machine", machine,
                       environment={**os.environ, "COBBLE_BUILD": str(directory)})
            batches.append((batch, boot, dump.read_text(encoding="utf-8") if dump.exists() else ""))
    return batches


def judge_batch(label, guests, boot, dump):
    """What one boot showed of its guests."""
    names = {guest.name for guest in guests}
    yield from (judge(boot, guest, label) for guest in guests)
    yield from (compare_dump(dump, path, label) for path in sorted(EXPECTED.glob("*.txt")) if path.stem in names)
    first = guests[0].name
    yield check(f"boot.{label}.status.{first}", boot.status == 0, boot)
    yield check(f"boot.{label}.no_leak.{first}", "\n# leaked frames: 0\n" in boot.out, boot)
    yield check(f"boot.{label}.starts_with_version.{first}", boot.out.startswith("TAP version 13\n1.."), boot)


def run_machine(machine, memory):
    """All guests on one machine."""
    for batch in boot_batches(machine, memory):
        yield from judge_batch(f"{machine}-{memory}", *batch)


def tests():
    """One test a machine; the first is reference_tests.py's."""
    for machine, memory in MACHINES[1:]:
        yield f"machines.{machine}-{memory}", lambda m=machine, s=memory: run_machine(m, s)
