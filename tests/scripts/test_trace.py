"""The channel of traces as it may come: whole, cut off anywhere, with records of any kind, and broken."""
import json
import struct
import unittest

from lib import trace

HEAD = b"cobble trace 1\ncall 2 hv_iret\ncall 8 hv_print\n"
GUEST = b"guest 1 mine 1000 0\nslot 97 sys_write 0\nslot 98 entries 0\nslot 99 entries 16\n"
END = b"end 1 99000 exit 0\n"
USER = trace.USER


def record(at_ns, kind, took_ns=0, mode=0, detail=0):
    return struct.pack("<QIHHII", at_ns, took_ns, kind, mode, 0x100000, detail)


def records(*packed):
    return b"records 1 %d\n" % len(packed) + b"".join(packed)


def spans(data):
    """Name, begin and end in ns of all that is a span, in the order of the file."""
    events = json.loads(trace.convert(data))["traceEvents"]
    return [(event["name"], round(event["ts"] * 1000), round((event["ts"] + event["dur"]) * 1000))
            for event in events if event["ph"] == "X"]


class Trace(unittest.TestCase):
    def test_a_system_call_has_the_name_of_its_handler(self):
        data = HEAD + GUEST + records(
            record(2000, trace.CALL_IRET, 100, USER), record(3000, 97, 0, USER, 5), record(3500, 0x108, 200),
            record(4000, trace.CALL_IRET, 100, USER), record(5000, 98, 0, USER), record(6000, 99)) + END
        self.assertEqual(spans(data), [
            ("kernel", 1000, 2100), ("hv_iret", 2000, 2100), ("user", 2100, 3000), ("kernel", 3000, 4100),
            ("sys_write", 3000, 4100), ("hv_print", 3500, 3700), ("hv_iret", 4000, 4100), ("user", 4100, 5000),
            ("kernel", 5000, 99000), ("INT 0x62", 5000, 99000), ("INT 0x63", 6000, 99000)])

    def test_an_iret_to_the_kernel_ends_one_handler(self):
        data = HEAD + GUEST + records(record(2000, 0x20), record(3000, 0x21), record(4000, trace.CALL_IRET, 10),
                                      record(5000, trace.CALL_IRET, 10), record(6000, trace.CALL_IRET, 10)) + END
        self.assertEqual([span for span in spans(data) if not span[0].startswith("hv")],
                         [("kernel", 1000, 99000), ("timer", 2000, 5010), ("keyboard", 3000, 4010)])

    def test_any_order_of_records_gives_spans_that_lie_in_each_other(self):
        kinds = (0x0E, 0x20, 0x61, 0x102, 0x108, 0x1FF, 0x200, 0x201, 0x202, 0x203, 0x204)
        for seed in range(200):
            packed = [record(1000 + (seed * 7919 + i * 104729) % 5000, kinds[(seed * 31 + i * i) % len(kinds)],
                             (seed + i) * 37 % 900, (seed + i) % 2) for i in range(40)]
            events = json.loads(trace.convert(HEAD + GUEST + records(*packed) + END))["traceEvents"]
            for thread in (trace.WHAT_IT_DID, trace.TURNS):
                is_open = []
                for event in events:
                    if event.get("tid") != thread or event["ph"] != "X":
                        continue
                    begin, end = round(event["ts"] * 1000), round((event["ts"] + event["dur"]) * 1000)
                    while is_open and is_open[-1] <= begin:
                        is_open.pop()
                    self.assertTrue(not is_open or end <= is_open[-1], (seed, event))
                    is_open.append(end)

    def test_what_is_cut_off_is_left_out(self):
        data = HEAD + GUEST + records(record(2000, 0x108, 10), record(3000, 0x108, 10)) + END
        for length in range(len(data)):
            if length == 0 or length > len("cobble trace 1"):
                json.loads(trace.convert(data[:length]))
        self.assertEqual(spans(b""), [])

    def test_what_no_machine_writes_is_told(self):
        for data in (b"something else\n", HEAD + b"nonsense\n", HEAD + b"records 7 1\n" + record(1, 1),
                     HEAD + b"guest 1\n", HEAD + b"slot 1 early 0\n"):
            with self.assertRaises(trace.Broken):
                trace.convert(data)

    def test_lost_records_are_told(self):
        data = HEAD + b"guest 1 mine 1000 500\n" + records(record(2000, 0x108, 10)) + END
        self.assertEqual(json.loads(trace.convert(data))["otherData"], {"records lost": {"1": 500}})
        self.assertEqual(spans(data)[0], ("kernel", 2000, 99000))


if __name__ == "__main__":
    unittest.main()
