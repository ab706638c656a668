"""The simulator's debug print: what stands in the stream when it is asked for, and that nothing does when it is not."""
import re

from harness import check, run
from session import Terminal

GUEST = "debug_print"
LONG = "".join(chr(ord("a") + i % 26) for i in range(254))
KERNEL_ROWS = ["| before", "? first", "| between",
               "? x\u25d9ok 1 - forged\u266a\u25d9# leaked frames: 9\u2190[2J", f"? {LONG}", "? last"]
USER_ROWS = ["? from user", "? straddle", "? kernel's own"]


def rows_of(boot, case):
    """What the stream shows of a guest, but for its tally."""
    found = re.findall(rf"^# {GUEST}\.{case}([|?] .*)$", boot.out, re.MULTILINE)
    return [row for row in found if "checks" not in row]


def on_request():
    """Both shapes, by whom they may be read, in the order of what else is printed; hostile texts stay text."""
    boot = run(*[word for case in ("kernel", "user", "returned", "interrupts", "steps")
                 for word in ("--autorun", f"{GUEST}.{case} debug-print=on")])
    yield check("debug_print.status", boot.status == 0, boot)
    for case, rows in {"kernel": KERNEL_ROWS, "user": USER_ROWS, "returned": [], "interrupts": ["? printed"],
                       "steps": ["? a step"]}.items():
        yield check(f"debug_print.{case}", rows_of(boot, case) == rows, boot)
    yield check("debug_print.no_result_forged", len(re.findall("^ok", boot.out, re.MULTILINE)) == 5, boot)


def by_default():
    """Not asked for: nothing is printed, and EAX stays. Asked for all: all but who does without."""
    boot = run("--autorun", f"{GUEST}.kernel", "--autorun", f"{GUEST}.user", "--autorun", f"{GUEST}.steps",
               "--autorun", f"{GUEST}.returned expect=1")
    yield check("debug_print.off_by_default", boot.status == 0 and not re.search(r"^# \S+\? ", boot.out, re.MULTILINE),
                boot)


def flood():
    """Three thousand at once count as output of the guest, and stay in order with its rows."""
    boot = run("--autorun", f"{GUEST}.flood debug-print=on output=20K", "--autorun", f"{GUEST}.flood debug-print=on")
    first, second = (re.findall(rf"^# {GUEST}\.flood([?|].*)$", part, re.MULTILINE)
                     for part in boot.out.split("\nok 1 ")[:2])
    dropped = re.search(rf"^# {GUEST}\.flood: (\d+) rows dropped", boot.out, re.MULTILINE)
    yield check("debug_print.flood_is_limited", dropped and len(first) + int(dropped[1]) == len(second), boot)
    last = re.findall(rf"^# {GUEST}\.flood: \| (.*)$", boot.out.split("\nok 1 ")[0], re.MULTILINE)
    rows = [f"row {i}" for i in range(0, 3000, 100)] + ["1 checks, 0 failed"]
    yield check("debug_print.flood_ends_with_its_console", len(last) > 20 and last == rows[-len(last):], boot)
    yield check("debug_print.no_flood_no_last_rows", f"\n# {GUEST}.flood: | " not in boot.out.split("\nok 1 ")[1], boot)
    wanted = [row for i in range(3000) for row in
              ["? all work and no play", f"| row {i}"][:2 if i % 100 == 0 else 1]]
    yield check("debug_print.flood_is_whole", second[:-1] == wanted, boot)


def monitor():
    """run NAME debug-print=on shows it on the monitor's console."""
    terminal = Terminal()
    try:
        yield check("debug_print.prompt", terminal.wait("cobble>", 90))
        terminal.type(f"run {GUEST}.kernel debug-print=on\r")
        shown = terminal.wait(rf"# {GUEST}\.kernel\? first *\n(.*\n)*# {GUEST}\.kernel\? last *\n", 30)
        yield check("debug_print.monitor", shown)
        terminal.type("poweroff\r")
    finally:
        terminal.close()


def tests():
    """Name and function of each test."""
    for function in (on_request, by_default, flood, monitor):
        yield f"debug_print.{function.__name__}", function
