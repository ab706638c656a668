"""Fuzz guests in company (tests/guests/fuzz.c), hostile virtual PCs among them (tests/vpc/hostile.c): one seed each,
and neighbours that watch what is theirs.

A fuzz guest may go on until its steps or its time are over, or end with a report; nothing else. The machine and the
neighbours must not notice.
"""
import collections
import os
import pathlib
import re
import tempfile
import time

from harness import Result, run
from lib import build

DIRECTORY = build.DIRECTORY / "audit"
MARKER = b"Cobble fuzz "                # fuzz_seed in tests/guests/fuzz.c; the seed follows
GUESTS = 100                            # fuzz guests a boot
MEMORIES = 128, 6144                    # MiB
GUEST = "mem=4M timeout=15s clock=wall output=2K"  # fuzz_neighbour.c watches for 20 seconds
WATCHERS = "fuzz_neighbour.watch", "fuzz_neighbour.watch_paged"
FRESH = "fuzz_neighbour.fresh"
FRESH_EACH = 10                         # one new guest and one virtual PC for so many fuzz guests, launched after them
PC = "mem=8M timeout=15s clock=wall output=2K"
ENGINES = "interp", "svm"               # of the virtual PCs, in turn; QEMU has SVM, as scripts/run asks for -cpu max
VERDICT = re.compile(r"^(?:ok \d+ - (\S+) # |not ok \d+ - (\S+)\n  ---\n  expected: .*\n  got: )(.*)$", re.MULTILINE)
# QEMU 7.2 aborts on some code that it cannot translate, whoever's it is: such a boot says nothing of Cobble.
EMULATOR_ABORTS = "tcg fatal error"
BOOTS = 3                               # so often at the most, until one is not cut off by that
ENDS = re.compile(r"exit -?\d+( in \d+ ms)?|crash 0xdeadc0de|timeout after \d+ ms")


def write_guest(folder, seed):
    """A copy of the fuzz guest with this seed."""
    image = (DIRECTORY / "guestfs" / "fuzz").read_bytes()
    at = image.index(MARKER) + len(MARKER)
    path = pathlib.Path(folder) / f"fuzz-{seed}"
    path.write_bytes(image[:at] + seed.to_bytes(4, "little") + image[at + 4:])
    return path


def write_pc(fuzz_guest):
    """A hostile virtual PC with the seed of this fuzz guest, which its command line tells it."""
    path = fuzz_guest.with_name(pc_name(fuzz_guest.name))
    path.write_bytes((build.DIRECTORY / "tests" / "vpc" / "hostile.vpc").read_bytes())
    return path


def pc_name(fuzz_name):
    return fuzz_name.replace("fuzz-", "hostile-") + ".vpc"


def plan(paths):
    """The words of scripts/run: watchers first, new guests and virtual PCs between the fuzz guests."""
    words = [word for name in WATCHERS for word in ("--autorun", f"{name} mem=4M timeout=120s clock=wall")]
    for number, path in enumerate(paths, 1):
        words += ["--guest", path, "--autorun", f"{path.name} {GUEST}"]
        if number % FRESH_EACH == 0:
            pc = write_pc(path)
            engine = ENGINES[number // FRESH_EACH % len(ENGINES)]
            words += ["--autorun", f"{FRESH} mem=2M timeout=120s", "--guest", pc, "--autorun",
                      f"{pc.name} engine={engine} {PC} cmdline={path.name.removeprefix('fuzz-')}"]
    return words


def repeat(seed):
    """How to have the same guests again."""
    return f"to repeat: scripts/test soak --minutes 0 --seed {seed}"


def read_ends(boot):
    """Pairs of a guest's name and how it ended, in the order of the plan."""
    return [(good or bad, end) for good, bad, end in VERDICT.findall(boot.out)]


def judge(boot, seed, count):
    """What is wrong with a boot, as texts."""
    if "Bail out!" in boot.out or boot.status not in (0, 1):
        yield f"the machine did not go on: status {boot.status}"
    if "\n# leaked frames: 0\n" not in boot.out:
        yield "frames leaked, or the plan did not reach its end"
    ends = read_ends(boot)
    for name, end in ends:
        if name.startswith("fuzz_neighbour"):
            if not re.fullmatch(r"exit 0 in \d+ ms", end):
                yield f"{name}: {end}"
        elif not ENDS.fullmatch(end):
            yield f"{name} ended in a way of its own: {end}"
        elif end.startswith("crash") and f"\n# {name}! crash: " not in boot.out:
            yield f"{name} crashed without a report"
    fuzz = [f"fuzz-{seed + i}" for i in range(count)]
    pcs = map(pc_name, fuzz[FRESH_EACH - 1::FRESH_EACH])
    missing = {*WATCHERS, FRESH, *fuzz, *pcs} - {name for name, _ in ends}
    if missing:
        yield f"no verdict of {', '.join(sorted(missing)[:5])} ({len(missing)} in all)"


def tell(boot):
    """How many fuzz guests and virtual PCs ended how."""
    kinds = collections.Counter(("PC: " if name.startswith("hostile-") else "") +
                                end.split(" in ")[0].split(" after ")[0].removesuffix(" 0xdeadc0de")
                                for name, end in read_ends(boot) if name.startswith(("fuzz-", "hostile-")))
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def boot_until_told(paths, memory):
    """Boot these guests, again where the emulator itself gave up; the boot, and how often that was."""
    for aborts in range(BOOTS):
        boot = run("--together", "--mem", memory, *plan(paths), limit=1200,
                   environment={**os.environ, "COBBLE_BUILD": str(DIRECTORY)})
        if EMULATOR_ABORTS not in boot.err:
            return boot, aborts
    return boot, BOOTS


def boot_seeds(seed, count, memory):
    """The seeds from seed on, in one boot: a result, and how the guests ended."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [write_guest(folder, seed + i) for i in range(count)]
        boot, aborts = boot_until_told(paths, memory)
    problems = list(judge(boot, seed, count))
    lines = [line for line in boot.out.splitlines() if line.startswith("# fuzz_neighbour")]
    detail = "\n".join([*problems, repeat(seed), *lines, boot.tail(60)]) if problems else ""
    ends = tell(boot) + (f"; QEMU aborted {aborts} times" if aborts else "")
    return Result(f"soak.{memory}.seeds_{seed}_to_{seed + count - 1}", not problems, detail), ends


def prepare():
    """The build whose page tables are checked all the time."""
    build.build_in(build.ROOT, DIRECTORY, build.RUN_TARGETS, ["-Daudit=true"])


def soak(minutes, seed):
    """Boots until the time is over, one on each machine at least: results, with how their guests ended."""
    prepare()
    end = time.monotonic() + minutes * 60
    number = 0
    while number < len(MEMORIES) or time.monotonic() < end:
        first = (seed + number // len(MEMORIES) * GUESTS) % (1 << 31)
        yield boot_seeds(first, GUESTS, MEMORIES[number % len(MEMORIES)])
        number += 1
