"""Traces of graded tests, for those whose line says trace=on: docs/tracing.md tells what is in one."""
import collections
import contextlib
import json

EVENTS_MAX = 5000               # of a test, the newest: kept for its page
ROWS = 60                       # of these on the page itself


def split(text):
    """The events of each guest in a trace file, by its number: (name, events)."""
    guests = collections.defaultdict(list)
    for event in json.loads(text)["traceEvents"]:
        guests[event["pid"]].append(event)
    named = []
    for number in sorted(guests):
        head = next(event for event in guests[number] if event["name"] == "process_name")
        named.append((head["args"]["name"].partition(" ")[2], guests[number]))
    return named


def keep_newest(events):
    """What names a guest and its threads, and the newest of the rest."""
    heads = [event for event in events if event["ph"] == "M"]
    rest = sorted((event for event in events if event["ph"] != "M"), key=lambda event: event["ts"])
    return heads + rest[-EVENTS_MAX:]


def give_out(path, units, tests, results):
    """Each result its trace. Guests were started in the order of the plan; one that was refused is in no trace."""
    with contextlib.suppress(OSError, ValueError, KeyError, StopIteration):
        guests = split(path.read_text(encoding="ascii"))
        for unit, result in zip(units, results):
            test = tests[unit.index]
            if test.autorun.is_traced and guests and guests[0][0].lower() == test.autorun.name.lower():
                result["trace"] = keep_newest(guests.pop(0)[1])


def as_json(events):
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ns"}, indent=0)


def describe(event):
    """A row: when, how long, what."""
    words = " ".join(f"{key}={value}" for key, value in event["args"].items() if key != "event")
    took = f"{event['dur']:10.3f}" if event["ph"] == "X" else " " * 10
    return f"{event['ts'] / 1000:12.3f} {took}  {event['name']:24} {words}".rstrip()


def rows(events):
    """What a page shows of a trace: how often what, and the last of it. Turns on the processor are left out."""
    told = sorted((event for event in events if event["ph"] != "M" and event["name"] != "runs"),
                  key=lambda event: event["ts"])
    counts = collections.Counter(event["name"] for event in told)
    took = collections.Counter()
    for event in told:
        took[event["name"]] += event.get("dur", 0)
    return [f"{'TIMES':>8} {'US IN ALL':>12}  WHAT",
            *(f"{count:8} {took[name]:12.3f}  {name}" for name, count in counts.most_common()), "",
            f"{'AT, MS':>12} {'US':>10}  WHAT", *map(describe, told[-ROWS:])]
