"""How long a key takes to its guest, and what an idle machine does: the monitor's info, in virtual time.

With -icount shift=0 a nanosecond of the machine is an instruction, so a loaded host changes none of the figures, and
a guest can have an interrupt come between two instructions of its choice.
"""
import re
import time

from harness import Result, check, read_manifest, run
from session import Machine

ICOUNT = ["-accel", "tcg", "-icount", "shift=0,sleep=off", "-rtc", "base=2020-01-01T00:00:00,clock=vm"]
NEIGHBOURS = 10
SLICE_US = 1000         # of hv/guest/sched.c, for ten and more busy guests
SHUT_US = 1000          # the longest that the hypervisor may keep interrupts shut; the longest hv_print takes 0.7 ms
PICTURE_US = 10000
TICK_MS = 10
SETTLE_MS = 300
OWN_WAKES = 60          # for the characters that the test types, and what is drawn for them
INTERRUPTED = ["iret_vm.interrupt_ring_0", "iret_vm.interrupt_ring_1"]
FIGURES = re.compile(r"last (\d+) ms: (\d+) turns of guests, (\d+) idle wake-ups, (\d+) keys for guests *\n"
                     r"worst: (\d+) us to see an interrupt, (\d+) us from there to a key's guest *\n"
                     r" +(\d+) us to draw a picture *\n")


def read_figures(machine):
    """Milliseconds, turns, wake-ups, keys, lateness, key latency, drawing: since the call before."""
    machine.type("clear\r")
    machine.wait(r"\A(?![\s\S]*(worst:|last \d))[\s\S]*cobble> *\n")
    machine.type("info\r")
    machine.wait(FIGURES.pattern + "cobble> *\n", 120)
    found = FIGURES.search("\n".join(machine.screen.display))
    return tuple(map(int, found.groups())) if found else (0,) * 7


def type_keys(machine, guest):
    """Eight keys for a guest, each echoed before the next; the figures of this time."""
    machine.type(f"console {guest}\r")
    machine.wait(rf"\n {guest} latency", 60)
    read = True
    for key in "abcdefgh":
        machine.press(key)
        read = machine.wait(f"{key} *\n", 60) and read
    machine.type("\x1d0")
    machine.wait("\n 0 monitor", 60)
    return read and read_figures(machine)


def judge(name, figures, key_limit_us):
    """Every make and nearly every break was measured; the worst of both parts of the way is within its bound."""
    if not figures:
        return Result(name, False, "a key was not echoed")
    _, _, _, keys, late_us, key_us, _ = figures
    print(f"# {name}: {late_us} us to the hypervisor, {key_us} us from there to the guest, {keys} key words",
          flush=True)
    return Result(name, keys >= 8 and late_us <= SHUT_US and key_us <= key_limit_us, repr(figures))


def start(machine, guest, number):
    """Run a guest in the background, and see its log line."""
    machine.type(f"run latency.{guest} &\r")
    return machine.wait(rf"guest {number} latency\.{guest}: [\s\S]*cobble> *\n", 60)


def settle(machine):
    """Guests that have just begun go first until they have had as much of the processor as the others: see sched.c."""
    read_figures(machine)
    span_ms = 0
    while span_ms < SETTLE_MS:
        span_ms += read_figures(machine)[0] or SETTLE_MS


def judge_counted(machine, guests):
    """The guests that judge time themselves, alone in a machine at its prompt."""
    for guest in guests:
        machine.type(f"run {guest.name}\r")
        yield check(f"latency.{guest.name}", machine.wait(f"{re.escape(guest.name)}: exit 0 in", 300))


def interrupted():
    """An interrupt between an IRET that pops VM = 1 and the next instruction; elsewhere it comes there by luck."""
    boot = run(*[word for name in INTERRUPTED for word in ("--autorun", f"{name} expect=0")], "--", *ICOUNT)
    for name in INTERRUPTED:
        yield check(f"latency.{name}", f"# {name}! event: a virtual interrupt was due\n" in boot.out and
                    f"# {name}! crash: virtual-8086" in boot.out, boot)


def latency():
    """Keys to a guest that is alone, beside ten that print without a pause, and to one as busy as these."""
    counted = [guest for guest in read_manifest() if guest.heading == "counted"]
    quiet = 1 + len(counted)        # guests are numbered from 1, and no number comes again
    last = quiet + NEIGHBOURS + 1
    with Machine("--mem", "512", qemu=ICOUNT) as machine:
        yield check("latency.prompt", machine.wait("cobble>", 300))
        yield from judge_counted(machine, counted)
        yield check("latency.started", start(machine, "idle", quiet))
        read_figures(machine)
        yield judge("latency.alone", type_keys(machine, quiet), SHUT_US)
        time.sleep(0.5)
        span_ms, _, wakes, *_ = read_figures(machine)
        print(f"# latency.idle_guest_ticks_only: {wakes} wake-ups in {span_ms} ms", flush=True)
        yield check("latency.idle_guest_ticks_only", span_ms > 1000 and wakes <= span_ms / TICK_MS + OWN_WAKES)
        started = all([start(machine, "print", number) for number in range(quiet + 1, last)])
        yield check("latency.neighbours_started", started)
        settle(machine)
        yield judge("latency.ten_printing", type_keys(machine, quiet), SHUT_US)
        started = start(machine, "busy", last)
        settle(machine)
        yield judge("latency.busy_and_ten_printing", started and type_keys(machine, last),
                    (1 + NEIGHBOURS) * (SLICE_US + SHUT_US))


def picture():
    """All cells of a screen of 3840 x 2160 at once, as instructions (a microsecond is a thousand)."""
    screen = ("-vga", "none", "-device", "VGA,xres=3840,yres=2160,vgamem_mb=64,refresh_rate=30000")
    with Machine("--mem", "512", qemu=[*ICOUNT, *screen]) as machine:
        yield check("latency.picture.prompt", machine.wait("cobble>", 300))
        read_figures(machine)
        machine.type("run full_screen\r")
        yield check("latency.picture.painted", machine.wait("full_screen: exit 0 in", 120))
        *_, drawing_us = read_figures(machine)
        print(f"# latency.picture.4k: {drawing_us}000 instructions", flush=True)
        yield Result("latency.picture.4k", 1000 < drawing_us <= PICTURE_US, f"{drawing_us} us")


def idle():
    """Nothing wakes a machine without running guests, whatever time passes."""
    with Machine() as machine:
        yield check("idle.prompt", machine.wait("cobble>", 90) and start(machine, "idle", 1))
        machine.type("pause 1\r")
        yield check("idle.paused", machine.wait("1 latency.idle: paused"))
        read_figures(machine)
        time.sleep(3)
        span_ms, turns, wakes, *_ = read_figures(machine)
        print(f"# idle.nothing_wakes: {wakes} wake-ups in {span_ms} ms", flush=True)
        yield check("idle.nothing_wakes", span_ms >= 3000 and turns == 0 and wakes <= OWN_WAKES)


def tests():
    """Name and function of each test."""
    yield "latency", latency
    yield "latency.picture", picture
    yield "latency.idle", idle
    yield "latency.iret_vm", interrupted
