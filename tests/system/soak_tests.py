"""The fixed seeds of the fuzz guest (soak.py), and the FPU of new guests after others ended and were given back."""
import soak
from harness import Result, check
from session import Terminal

FIRST_SEED = 1
ROUNDS = 12             # two guests each: the monitor keeps eight that have ended, and gives older ones back


def seeds():
    """Two hundred seeds, the same every time, half of them on each machine."""
    soak.prepare()
    for number, memory in enumerate(soak.MEMORIES):
        result, _ = soak.boot_seeds(FIRST_SEED + number * soak.GUESTS, soak.GUESTS, memory)
        yield result


def fresh_after_release():
    """An earlier fuzzer saw bytes 0xA5 in the FPU of a new guest: no guest gets what an ended one left."""
    terminal = Terminal()
    ends = ""
    try:
        yield check("soak.fresh.prompt", terminal.wait(r"cobble> *\n", 120))
        for number in range(1, 2 * ROUNDS + 1, 2):
            terminal.type("clear\rrun fuzz_neighbour.dirty\r")
            crashed = terminal.wait(rf"\n{number} fuzz_neighbour.dirty: crash 0x", 30)
            terminal.type("clear\rrun fuzz_neighbour.fresh\r")
            ended = terminal.wait(rf"\n{number + 1} fuzz_neighbour.fresh: exit \d+ in", 30)
            ends = "\n".join(terminal.screen.display)
            if not crashed or not ended or ": exit 0 in" not in ends:
                break
        yield Result("soak.fresh.after_release", crashed and ended and ": exit 0 in" in ends, ends)
        terminal.type("poweroff\r")
    finally:
        status = terminal.close()
    yield check("soak.fresh.poweroff", status == 0)


def tests():
    """Name and function of each test."""
    yield "soak.fresh", fresh_after_release
    yield "soak.seeds", seeds
