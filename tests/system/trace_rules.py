"""What is asked of a trace file by "Trace Event Format", sections "JSON Object Format", "Complete Events", "Instant
Events" and "Metadata Events"; and what Perfetto drops with an error: spans that overlap."""
import collections
import json

NUMBER = (int, float)
# Of each phase that we write: the keys it must have, and those it may have.
PHASES = {"X": ({"name", "ph", "ts", "dur", "pid", "tid"}, {"args", "cat"}),
          "i": ({"name", "ph", "ts", "pid", "tid", "s"}, {"args", "cat"}),
          "M": ({"name", "ph", "pid", "args"}, {"tid"})}
METADATA = {"process_name": {"name"}, "thread_name": {"name"}}


def of_event(event):
    """What is wrong with one event."""
    if not isinstance(event, dict) or event.get("ph") not in PHASES:
        yield "no event of a phase that we write"
        return
    must, may = PHASES[event["ph"]]
    if not must <= event.keys() <= must | may:
        yield f"keys: {sorted(event)}"
    if not isinstance(event.get("name"), str) or not event["name"]:
        yield "name is no text"
    for key in ("pid", "tid"):
        if key in event and (not isinstance(event[key], int) or isinstance(event[key], bool)):
            yield f"{key} is no whole number"
    for key in ("ts", "dur"):
        if key in event and (type(event[key]) not in NUMBER or event[key] < 0):
            yield f"{key} is no time"
    if not isinstance(event.get("args", {}), dict):
        yield "args is no object"
    if event["ph"] == "i" and event.get("s") not in ("g", "p", "t"):
        yield "s is no scope"
    if event["ph"] == "M" and METADATA.get(event.get("name")) != set(event.get("args", {})):
        yield "metadata that no reader knows"


def overlaps(spans):
    """Spans of one thread that neither lie in each other nor behind each other; by nanoseconds."""
    open_until = []
    for begin, end, name in sorted(spans, key=lambda span: (span[0], -span[1])):
        while open_until and open_until[-1] <= begin:
            open_until.pop()
        if open_until and end > open_until[-1]:
            yield f"{name} at {begin} ns overlaps the span that it begins in"
        open_until.append(end)


def problems(text):
    """Everything that is wrong with the text of a trace file; empty: nothing."""
    trace = json.loads(text, parse_constant=lambda word: f"no JSON: {word}")
    if not isinstance(trace, dict) or not isinstance(trace.get("traceEvents"), list) or not trace["traceEvents"]:
        return ["it has no list traceEvents, or an empty one"]
    found = [] if trace.get("displayTimeUnit") in ("ms", "ns") else ["displayTimeUnit"]
    found += [f"event {index}: {wrong}" for index, event in enumerate(trace["traceEvents"])
              for wrong in of_event(event)]
    if found:
        return found
    spans, named = collections.defaultdict(list), set()
    for event in trace["traceEvents"]:
        if event["ph"] == "X":
            begin = round(event["ts"] * 1000)
            spans[event["pid"], event["tid"]].append((begin, begin + round(event["dur"] * 1000), event["name"]))
        elif event["ph"] == "M":
            named.add((event["pid"], event.get("tid")))
    found += [f"thread {thread} has no name" for thread in spans if thread not in named]
    found += [f"process {process} has no name" for process, _ in spans if (process, None) not in named]
    return found + [wrong for of_thread in spans.values() for wrong in overlaps(of_thread)]
