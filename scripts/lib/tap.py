"""Read the TAP stream of a headless run: cut out what stdout may show, and judge it (docs/operator.md "The stream")."""
import re

from lib import report

VERSION = b"TAP version 13"
PLAN = re.compile(rb"1\.\.([0-9]+)")
RESULT = re.compile(rb"(not )?ok ([0-9]+) - ([^ #]+)(.*)")
LEAKED = re.compile(rb"# leaked frames: (-?[0-9]+)")
DONE = re.compile(rb"# cobble: done ok=([0-9]+) not_ok=([0-9]+) crashed=([0-9]+) time_ms=([0-9]+)")


class Stream:
    """Takes serial output in pieces; gives back whole lines of the stream and remembers what they mean."""

    def __init__(self):
        self.rest = b""             # of a line that has not ended yet
        self.started = False
        self.in_block = False       # between "  ---" and "  ..."
        self.plan = None
        self.results = []           # (ok, name) in order
        self.leaked = None
        self.done = None            # (ok, not_ok) as the last line counts them
        self.bailed_out = False
        self.after_blank = False    # the last line was empty, as a panic that breaks into a line makes one
        self.last_words = []        # what a panic says after "Bail out!"
        self.problems = []          # what makes this no valid stream

    def feed(self, data):
        """Take serial output; return the whole lines of the stream in it, with LF ends."""
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        shown = [kept for line in lines for kept in self.keep(line.removesuffix(b"\r"))]
        return b"".join(line + b"\n" for line in shown)

    def keep(self, line):
        """What stdout shows of a line: a panic ends the line and the block that it broke into."""
        is_bail = self.started and line.startswith(b"Bail out!")
        if self.after_blank and not is_bail:
            self.problems.append("an empty line")
        self.after_blank = self.started and not self.is_complete and not line
        if self.after_blank:
            return []
        end = [b"  ..."] if is_bail and self.in_block else []
        self.in_block = self.in_block and not is_bail
        return end + [line] * self.take(line)

    def take(self, line):
        """Note what a line means. True when it belongs to the stream."""
        if not self.started:
            self.started = line == VERSION
            return self.started
        if self.bailed_out:
            self.last_words.append(line.decode("utf-8", "replace"))
            return False
        if self.done is not None:
            if line.strip():
                self.problems.append(f"a line after the last one: {line[:80]!r}")
            return False
        if self.in_block:
            self.in_block = line != b"  ..."
        else:
            self.read(line)
        return True

    def read(self, line):
        """Note what a line outside of YAML blocks means."""
        if match := RESULT.fullmatch(line):
            if int(match[2]) != len(self.results) + 1:
                self.problems.append(f"result {match[2].decode()} where {len(self.results) + 1} is due")
            self.results.append((match[1] is None, match[3].decode("ascii", "replace")))
        elif match := PLAN.fullmatch(line):
            if self.plan is not None:
                self.problems.append("a second plan")
            self.plan = int(match[1])
        elif match := LEAKED.fullmatch(line):
            self.leaked = int(match[1])
        elif match := DONE.fullmatch(line):
            self.done = int(match[1]), int(match[2])
        elif line.startswith(b"Bail out!"):
            self.bailed_out = True
        elif line == b"  ---":
            self.in_block = True
        elif not line.startswith(b"#"):
            self.problems.append(f"a line that is not TAP: {line[:80]!r}")

    @property
    def is_complete(self):
        return self.done is not None or self.bailed_out

    def close(self, reason):
        """The lines that end a stream which broke off; none when it is complete."""
        if self.is_complete:
            return b""
        start = b"" if self.started else VERSION + b"\n"
        block = b"  ...\n" if self.in_block else b""
        self.started, self.in_block, self.bailed_out = True, False, True
        return start + block + b"Bail out! " + reason.encode() + b"\n"

    def judge(self):
        """The exit status that the stream alone gives. What is wrong with it is in problems."""
        if self.bailed_out or self.done is None:
            return report.EXIT_BROKEN
        good = sum(ok for ok, name in self.results)
        if self.plan != len(self.results):
            self.problems.append(f"{len(self.results)} results, but the plan says {self.plan}")
        if self.done != (good, len(self.results) - good):
            self.problems.append("the last line counts other results than the stream holds")
        if self.leaked is None:
            self.problems.append("no line with leaked frames")
        if self.problems:
            return report.EXIT_BROKEN
        return report.EXIT_OK if good == len(self.results) and self.leaked == 0 else report.EXIT_NOT_OK


# What QEMU exits with: isa-debug-exit returns (code << 1) | 1 for the codes 0x10 and 0x11.
PROCESS_STATUS = {report.EXIT_OK: 33, report.EXIT_NOT_OK: 35}
