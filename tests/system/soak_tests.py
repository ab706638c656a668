"""The fixed seeds of the fuzz guest (soak.py), and the FPU of new guests after others ended and were given back."""
import soak
from harness import Result, check
from session import Terminal

FIRST_SEED = 1
DIRTY = "fuzz_neighbour.dirty"
ROUNDS = 12             # two guests each: the monitor keeps eight that have ended, and gives older ones back


def seeds():
    """Two hundred seeds, the same every time, half of them on each machine."""
    soak.prepare()
    for number, memory in enumerate(soak.MEMORIES):
        result, _ = soak.boot_seeds(FIRST_SEED + number * soak.GUESTS, soak.GUESTS, memory)
        yield result


def run_in_monitor(terminal, number, name, end):
    """Run the guest that gets this number; what the screen shows when it ended so, and nothing when not."""
    terminal.type(f"clear\rrun {name}\r")
    return terminal.wait(rf"\n{number} {name}: {end}", 30) and "\n".join(terminal.screen.display)


def fresh_after_release():
    """An earlier fuzzer saw bytes 0xA5 in the FPU of a new guest: no guest gets what an ended one left.

    The first one of the monitor gets the place of the plan's only guest, which was the last to run and is given back.
    """
    terminal = Terminal("--autorun", f"{DIRTY} expect=crash")
    fresh = 0
    try:
        yield check("soak.fresh.prompt", terminal.wait(r"cobble> *\n", 120))
        while fresh < ROUNDS and run_in_monitor(terminal, 2 + 2 * fresh, soak.FRESH, "exit 0 in"):
            fresh += 1
            if not run_in_monitor(terminal, 1 + 2 * fresh, DIRTY, "crash 0x"):
                break
        yield Result("soak.fresh.after_release", fresh == ROUNDS, "\n".join(terminal.screen.display))
        terminal.type("poweroff\r")
    finally:
        status = terminal.close()
    yield check("soak.fresh.poweroff", status == 0)


def tests():
    """Name and function of each test."""
    yield "soak.fresh", fresh_after_release
    yield "soak.seeds", seeds
