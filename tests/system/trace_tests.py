"""--trace: what guests did, as JSON that Python's own parser reads; known events of a known guest; verdicts as ever."""
import collections
import json
import pathlib
import tempfile

import trace_rules
from harness import Result, check, run
from lib import build

SPECS = ("trace_known", "trace_known strict=on", "crash.de expect=crash", "loop timeout=700ms expect=timeout",
         "event_nested", "print_sizes")
CALLS = TICKS = 3                       # of tests/guests/trace_known.c
WHAT_IT_DID, TURNS = 1, 2               # threads


def threads(events):
    """{(guest, thread): its events}, in the order of the file."""
    found = collections.defaultdict(list)
    for event in events:
        if event["ph"] != "M":
            found[event["pid"], event["tid"]].append(event)
    return found


def times(event):
    """Begin and end in nanoseconds."""
    begin = round(event["ts"] * 1000)
    return begin, begin + round(event.get("dur", 0) * 1000)


def lies_well(events):
    """Stamps never go back, and each span lies in the one that is open, or behind it."""
    is_open = []
    for before, event in zip([events[0], *events], events):
        begin, end = times(event)
        while is_open and is_open[-1] <= begin:
            is_open.pop()
        if begin < times(before)[0] or (is_open and end > is_open[-1]):
            return False
        is_open.append(end)
    return True


def lies_in(event, outer):
    return times(outer)[0] <= times(event)[0] and times(event)[1] <= times(outer)[1]


def known(events):
    """What of the known guest's events is missing."""
    spans = collections.defaultdict(list)
    for event in events:
        spans[event["name"]].append(event)
    calls = spans["system_call_known"]
    if len(calls) != CALLS or [call["args"]["eax"] for call in calls] != ["0x7", "0x8", "0x9"]:
        yield f"system calls: {calls}"
    if not all(any(lies_in(call, kernel) for kernel in spans["kernel"]) for call in calls):
        yield "a system call in no span of the kernel"
    if not all(any(lies_in(back, call) for back in spans["hv_iret"]) for call in calls):
        yield "a system call without its hv_iret"
    if len(spans["user"]) != CALLS + 1:
        yield f"{len(spans['user'])} spans of guest user"
    if len(spans["timer"]) < TICKS or not spans["HLT"]:
        yield f"{len(spans['timer'])} ticks, {len(spans['HLT'])} HLT"
    if len(spans["hv_setidt"]) < 256 or len(spans["hv_exit"]) != 1 or len(spans["ends: exit 0"]) != 1:
        yield "hv_setidt, hv_exit or the end"


def traced():
    """Guests of all ends together, each with its own process in the trace."""
    arguments = [argument for spec in SPECS for argument in ("--autorun", spec)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trace.json"
        boot = run("--together", *arguments, "--trace", path)
        yield check("trace.verdicts_are_as_ever", boot.status == 0 and "\n# leaked frames: 0\n" in boot.out, boot)
        text = path.read_text(encoding="ascii") if path.exists() else "{}"
    wrong = trace_rules.problems(text)
    yield Result("trace.format", not wrong, "\n".join(wrong[:10]))
    events = json.loads(text).get("traceEvents", [])
    found = threads(events)
    yield check("trace.each_guest_has_both_threads", sorted(found) ==
                [(guest, thread) for guest in range(1, len(SPECS) + 1) for thread in (WHAT_IT_DID, TURNS)], boot)
    wrong = [thread for thread, its_events in found.items() if not lies_well(its_events)]
    yield check("trace.spans_lie_in_each_other", events and not wrong, boot)
    for guest in (1, 2):
        missing = list(known(found[guest, WHAT_IT_DID]))
        yield check(f"trace.known_events.{guest}", not missing, boot)
        print(*missing, sep="\n", end="\n" * bool(missing))
    yield check("trace.a_crash_ends_it", found[3, WHAT_IT_DID][-1]["name"] == "ends: crash 0xdeadc0de", boot)
    run_ns = sum(end - begin for begin, end in map(times, found[4, TURNS]))
    yield check("trace.turns_tell_the_time_of_a_busy_guest", run_ns > 50 * 1000 * 1000, boot)


def timed_out():
    """At --timeout there is a trace of those that ran, too; a virtual PC has none, and that is said."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "trace.json"
        boot = run("--guest", build.DIRECTORY / "tests" / "vpc" / "hello.vpc", "--autorun", "hello.vpc engine=interp",
                   "--autorun", "hello", "--autorun", "loop timeout=100s", "--timeout", 30, "--trace", path)
        text = path.read_text(encoding="ascii") if path.exists() else "{}"
    wrong = trace_rules.problems(text)
    yield Result("trace.timed_out.format", boot.status == 124 and not wrong, "\n".join([boot.tail(), *wrong[:10]]))
    found = threads(json.loads(text).get("traceEvents", []))
    wanted = [(guest, thread) for guest in (2, 3) for thread in (WHAT_IT_DID, TURNS)]
    yield check("trace.timed_out.who_ran", sorted(found) == wanted, boot)
    said = "\n# warn: guest 1 hello.vpc is not traced: it is a virtual PC" in boot.out
    yield check("trace.timed_out.virtual_pc", said, boot)


def tests():
    """Name and function of each test."""
    yield "trace.traced", traced
    yield "trace.timed_out", timed_out
