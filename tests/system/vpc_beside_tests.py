"""Virtual PCs beside guests of the first kind: each keeps what is its own, and gets its share."""
import re

from harness import Result, check
from vpc_bytes import Plain, run
from vpc_kernels import KERNELS

SEEDS = (("interp", 1), ("svm", 2), ("svm", 3), ("moving", 4), ("svm", 5), ("svm", 6))  # odd ones have a breakpoint on


def patterns():
    """FPU, SSE, debug registers, registers and flags of virtual PCs, and of guests that watch theirs."""
    specs = [f"patterns.vpc engine={engine} mem=16M timeout=60s expect=42 cmdline={seed}" for engine, seed in SEEDS]
    plains = [Plain("patterns", line=str(seed)) for _, seed in SEEDS]
    boot = run("--together", "--guest", str(KERNELS / "patterns.vpc"),
               *(word for spec in [*specs, "fuzz_neighbour.watch timeout=60s", "fuzz_neighbour.watch_paged timeout=60s",
                                   "turns timeout=60s", "fpu timeout=60s"] for word in ("--autorun", spec)))
    said = re.findall(r"^# patterns.vpc\| seed (\d), 0 failed$", boot.out, re.MULTILINE)
    yield check("vpc.patterns", sorted(said) == sorted(str(seed) for _, seed in SEEDS), boot)
    plain = [plain.close() for plain in plains]
    sent = boot.sent.get("patterns.vpc")
    yield Result("vpc.patterns.same_bytes", plain == [(42, bytes_sent) for bytes_sent in sent or ()] != [],
                 f"{sent}\nplain QEMU: {plain}")
    yield check("vpc.patterns.neighbours", boot.status == 0 and "# leaked frames: 0" in boot.out, boot)


def tests():
    """Name and function of each test."""
    yield "vpc.patterns", patterns
