"""--trace FILE: what guests did, as Chrome trace-event JSON, which Perfetto opens. docs/tracing.md.

The machine writes lines and records on a channel of its own (hv/monitor/trace_channel.c). A guest becomes a process
with two threads: what it did, as spans that lie in each other (guest user or kernel; a handler from its start to the
hv_iret that ends it; a hypercall), and its turns on the processor.
"""
import collections
import json
import struct

RECORD = struct.Struct("<QIHHII")       # struct trace_record of hv/guest/trace.h
Record = collections.namedtuple("Record", "at_ns took_ns kind mode eip detail")
CALL, HIDDEN_FAULT, TICK, TURN, HALT, OTHER = 0x100, 0x200, 0x201, 0x202, 0x203, 0x204
USER = 1
CALL_IRET = CALL + 2
PAGE_FAULT, TIMER, KEYBOARD, CHILD = 14, 0x20, 0x21, 0x22
EXCEPTIONS = ("#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "#9", "#TS", "#NP", "#SS", "#GP", "#PF",
              "#15", "#MF", "#AC", "#MC", "#XM")
WHAT_IT_DID, TURNS = 1, 2               # threads


class Broken(Exception):
    """The channel holds what no machine of this version writes; the text says where."""


class Guest:
    """One guest of the channel."""

    def __init__(self, number, name, started_ns, lost):
        self.number, self.name, self.started_ns, self.lost = number, name, started_ns, lost
        self.slots, self.records, self.end, self.ended_ns = {}, [], "running", None


class Channel:
    """What the machine wrote: the names of hypercalls, and the guests. What is cut off at the end is left out."""

    def __init__(self, data):
        self.data, self.at = data, 0
        self.calls, self.guests, self.last = {}, {}, None
        if data and self.read_line() != ["cobble", "trace", "1"]:
            raise Broken("it does not begin with its head")
        while (words := self.read_line()) is not None:
            try:
                self.take(words)
            except (AttributeError, IndexError, KeyError, ValueError):
                raise Broken(f"line {words} at byte {self.at}") from None

    def read_line(self):
        end = self.data.find(b"\n", self.at)
        if end < 0:
            return None
        words = self.data[self.at:end].decode("ascii", "replace").split(" ")
        self.at = end + 1
        return words

    def take(self, words):
        """One line."""
        what = words[0]
        if what == "call":
            self.calls[int(words[1])] = words[2]
        elif what == "guest":
            self.last = self.guests[int(words[1])] = Guest(int(words[1]), words[2], int(words[3]), int(words[4]))
        elif what == "slot":
            self.last.slots[int(words[1])] = words[2], int(words[3])
        elif what == "records":
            count = min(int(words[2]), (len(self.data) - self.at) // RECORD.size)
            for _ in range(count):
                self.guests[int(words[1])].records.append(Record(*RECORD.unpack_from(self.data, self.at)))
                self.at += RECORD.size
            if count < int(words[2]):
                self.at = len(self.data)
        elif what == "end":
            guest = self.guests[int(words[1])]
            guest.ended_ns, guest.end = int(words[2]), " ".join(words[3:])
        else:
            raise ValueError(what)


def name_slot(slot):
    """A vIDT slot as authors of guests know it."""
    named = {TIMER: "timer", KEYBOARD: "keyboard", CHILD: "child"}
    if slot < len(EXCEPTIONS):
        return EXCEPTIONS[slot]
    return named.get(slot, f"INT 0x{slot:02x}")


class Spans:
    """The spans of one thread: one that is opened lies in those that are open, and ends before they do."""

    def __init__(self, number, thread, started_ns):
        self.head = {"pid": number, "tid": thread}
        self.open, self.events, self.now_ns = [], [], started_ns

    def move(self, at_ns):
        """Time never goes back, whatever a record says."""
        self.now_ns = max(self.now_ns, at_ns)
        return self.now_ns

    def add(self, name, begin_ns, end_ns, **arguments):
        self.events.append({"name": name, "ph": "X", "ts": begin_ns / 1000, "dur": (end_ns - begin_ns) / 1000,
                            **self.head, "args": arguments})

    def begin(self, name, at_ns, **arguments):
        self.open.append((name, self.move(at_ns), arguments))

    def end(self, at_ns):
        """The innermost."""
        name, begin_ns, arguments = self.open.pop()
        self.add(name, begin_ns, self.move(at_ns), **arguments)

    def whole(self, name, at_ns, took_ns, **arguments):
        begin_ns = self.move(at_ns)
        self.add(name, begin_ns, self.move(at_ns + took_ns), **arguments)

    def moment(self, name, at_ns, **arguments):
        self.events.append({"name": name, "ph": "i", "s": "t", "ts": self.move(at_ns) / 1000, **self.head,
                            "args": arguments})


class Story:
    """The records of a guest, one after the other, as spans."""

    def __init__(self, guest, calls):
        self.guest, self.calls = guest, calls
        self.spans = Spans(guest.number, WHAT_IT_DID, guest.started_ns)
        self.turns = Spans(guest.number, TURNS, guest.started_ns)
        symbols = collections.Counter(symbol for symbol, _ in guest.slots.values())
        self.names = {symbol for symbol, count in symbols.items() if count == 1}    # that tell one slot from others
        told = [record for record in guest.records if record.kind != TURN]
        begins_in_user = told and told[0].kind < CALL and told[0].mode & USER
        self.enter("user" if begins_in_user else "kernel", told[0].at_ns if guest.lost and told else guest.started_ns)
        for record in guest.records:
            self.take(record)
        end_ns = guest.ended_ns if guest.ended_ns is not None else self.spans.now_ns
        self.leave_all(end_ns)
        self.spans.moment(f"ends: {guest.end}", end_ns)

    def enter(self, mode, at_ns):
        self.leave_all(at_ns)
        self.spans.begin(mode, at_ns)

    def leave_all(self, at_ns):
        while self.spans.open:
            self.spans.end(at_ns)

    def take(self, record):
        where = {"eip": f"0x{record.eip:08x}"}
        if record.kind < CALL:
            self.deliver(record, where)
        elif record.kind == TURN:
            self.turns.whole("runs", record.at_ns, record.took_ns)
        elif record.kind == HIDDEN_FAULT:
            self.spans.whole("hidden fault", record.at_ns, record.took_ns, address=f"0x{record.detail:08x}", **where)
        elif record.kind == TICK:
            self.spans.moment("tick, not delivered yet", record.at_ns, **where)
        elif record.kind == HALT:
            self.spans.moment("HLT", record.at_ns, **where)
        elif record.kind == OTHER:
            self.spans.moment(f"trap 0x{record.detail:02x}", record.at_ns, **where)
        else:
            self.call(record, where)

    def deliver(self, record, where):
        """A handler begins: of guest user's it is a kernel span by itself."""
        symbol, offset = self.guest.slots.get(record.kind, ("?", 0))
        is_int = record.kind >= len(EXCEPTIONS) and record.kind not in (TIMER, KEYBOARD, CHILD)
        name = name_slot(record.kind)
        if record.mode & USER:
            self.enter("kernel", record.at_ns)
            if is_int and offset == 0 and symbol in self.names:
                name = symbol           # a system call is known by it
        arguments = {"event": name_slot(record.kind), "handler": f"{symbol}+0x{offset:x}", **where}
        if is_int:
            arguments["eax"] = f"0x{record.detail:x}"
        elif record.kind == PAGE_FAULT:
            arguments["address"] = f"0x{record.detail:08x}"
        self.spans.begin(name, record.at_ns, **arguments)

    def call(self, record, where):
        """A hypercall; hv_iret ends the handler that it returns from, and all below it when it leaves the kernel."""
        name = self.calls.get(record.kind - CALL, f"hv_0x{record.kind - CALL:x}")
        self.spans.whole(name, record.at_ns, record.took_ns, first_word=f"0x{record.detail:x}", **where)
        if record.kind != CALL_IRET:
            return
        if record.mode & USER:
            self.enter("user", self.spans.now_ns)
        elif len(self.spans.open) > 1:
            self.spans.end(self.spans.now_ns)

    def events(self):
        """Of one thread, then the other, by time; of those that begin together the outer one first: it ended last."""
        head = {"ph": "M", "pid": self.guest.number}
        yield {"name": "process_name", "args": {"name": f"{self.guest.number} {self.guest.name}"}, **head}
        yield {"name": "thread_name", "tid": WHAT_IT_DID, "args": {"name": "what it did"}, **head}
        yield {"name": "thread_name", "tid": TURNS, "args": {"name": "its turns"}, **head}
        for thread in (self.spans, self.turns):
            yield from sorted(reversed(thread.events), key=lambda event: (event["ts"], -event.get("dur", 0)))


def write_json(guests):
    """The text of a JSON file about these guests, each with its events."""
    events = [event for _, of_guest in guests for event in of_guest]
    lost = {str(guest.number): guest.lost for guest, _ in guests if guest.lost}
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ns", "otherData": {"records lost": lost}}, indent=0)


def read_guests(data):
    """The guests of the channel in the order of their numbers, each with its events."""
    channel = Channel(data)
    return [(guest, list(Story(guest, channel.calls).events())) for _, guest in sorted(channel.guests.items())]


def convert(data):
    """The channel's bytes as the text of a JSON file."""
    return write_json(read_guests(data))
