"""What an instruction of a virtual PC costs: tests/vpc/speed.c on two clocks.

With clock=instructions its time stamps count its own instructions, on the wall clock of a machine that counts
instructions the machine's: the quotient is the machine's for each of the guest's.
"""
import re

from bench_runs import BenchError
from harness import run
from lib import bench, build

GUEST = build.DIRECTORY / "tests" / "vpc" / "speed.vpc"
NS_PER_INSTRUCTION = 10         # VPC_NS_PER_INSTRUCTION of hv/vpc/vpc.h
KINDS = {"arithmetic": "arithmetic", "memory": "memory", "calls": "calls", "system": "system calls",
         "ports": "port reads"}
COPIES = "copies of 4 KiB"
COPY_COUNT = 200                # ROUNDS / 10 of tests/vpc/speed.c


def read_times(clock):
    """{kind of work: time by the guest's time stamp counter}."""
    result = run("--timeout", 600, "--guest", GUEST, "--autorun",
                 f"{GUEST.name} engine=interp mem=32M timeout=300s expect=42 clock={clock}", "--", *bench.FLAGS)
    times = dict(re.findall(rf"^# {re.escape(GUEST.name)}\| (.*) (\d+)$", result.out, re.MULTILINE))
    if result.status != 0 or times.keys() < {*KINDS.values(), COPIES}:
        raise BenchError(f"{GUEST.name}: status {result.status}\n{result.tail()}")
    return {kind: int(time) for kind, time in times.items()}


def measure_vpc():
    """Host instructions each guest instruction, by kind of work; of a copy of a page all of them."""
    host, guest = read_times("wall"), read_times("instructions")
    figures = {key: host[kind] / (guest[kind] / NS_PER_INSTRUCTION) for key, kind in KINDS.items()}
    figures["copy"] = host[COPIES] / COPY_COUNT
    return {key: round(value, 1) for key, value in figures.items()}
