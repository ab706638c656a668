"""One run of the machine: wait for serial output, QMP events and the clock, until there is a reason to end it."""
import os
import select
import selectors
import shutil
import signal
import time

from lib import trace
from lib.qmp import QmpError
from lib.report import EXIT_BROKEN, EXIT_NOT_OK, STDOUT, OutputLost, say

LAST_WORDS_SECONDS = 3
QUIET_SECONDS = 0.5
WATCH_SECONDS = 1
DUMP_LINES = 26         # of each autorun: docs/operator.md "Consoles as text"


class Stopped(BaseException):
    """A signal asks this script to end."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


def stop_on_signals():
    """From now on SIGINT, SIGTERM and SIGHUP raise Stopped, once."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number, frame):
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    for number in numbers:
        signal.signal(number, stop)


def is_hung_up(descriptor):
    """Has the other end of a terminal, a pipe or a socket gone for good?"""
    poll = select.poll()
    poll.register(descriptor, 0)        # hang-ups and errors are told whatever is asked for
    return bool(poll.poll(0))


class Session:
    """The loop; subclasses say what becomes of the serial output."""

    def __init__(self, options, machine, folder):
        self.options = options
        self.machine = machine
        self.folder = folder
        self.is_over = False            # leave the loop
        self.timed_out = False
        self.picture_taken = False
        self.output_lost = False        # a picture or dump that was asked for
        self.alarms = []                # (monotonic time, function)
        self.selector = selectors.PollSelector()    # epoll takes no files
        self.selector.register(machine.serial_out, selectors.EVENT_READ, self.read_serial)
        self.selector.register(machine.qmp, selectors.EVENT_READ, self.read_qmp)
        if options.timeout_seconds is not None:
            self.call_after(options.timeout_seconds, self.time_out)
        self.watch()

    def take_output(self, data):
        """Serial output has come."""
        raise NotImplementedError

    def end(self):
        self.is_over = True

    def call_after(self, seconds, function):
        self.alarms.append((time.monotonic() + seconds, function))
        self.alarms.sort(key=lambda alarm: alarm[0])

    def watch(self):
        """A machine that prints nothing would never find out that nobody is there to read it."""
        if is_hung_up(STDOUT):
            raise OutputLost("nobody reads stdout any more")
        self.call_after(WATCH_SECONDS, self.watch)

    def lose(self, text):
        """Something that was asked for cannot be written."""
        say(text)
        self.output_lost = True

    def complete(self, status):
        """The exit status, given that of the machine: lost output is no success, and no verdict either."""
        return EXIT_BROKEN if self.output_lost and status <= EXIT_NOT_OK else status

    def time_out(self):
        self.timed_out = True
        self.end()

    def read_serial(self):
        data = os.read(self.machine.serial_out, 65536)
        if data:
            self.take_output(data)
        else:
            self.end()

    def read_qmp(self):
        if not self.machine.qmp.pump():
            self.selector.unregister(self.machine.qmp)

    def run(self):
        """Until the end, whatever it is; then picture and dump are written."""
        while not self.is_over:
            seconds = max(0, self.alarms[0][0] - time.monotonic()) if self.alarms else None
            for key, _ in self.selector.select(seconds):
                key.data()
            while self.alarms and self.alarms[0][0] <= time.monotonic():
                self.alarms.pop(0)[1]()
        if self.timed_out:
            say(f"time-out: QEMU ran for {self.options.timeout_seconds:g} s")
            self.take_picture()
            self.press_nmi_button()
        self.machine.stop()
        if self.options.screenshot is not None and not self.picture_taken:
            self.lose("no screenshot: the machine ended before its time came")
        self.copy_dump()
        self.write_trace()

    def take_picture(self):
        """Write the framebuffer to --screenshot, once."""
        if self.options.screenshot is None or self.picture_taken:
            return
        self.picture_taken = True
        try:
            self.machine.qmp.call("screendump", filename=str(self.options.screenshot), format="png")
        except QmpError as error:
            self.lose(f"no screenshot: {error}")

    def press_nmi_button(self):
        """Make a machine that ran too long tell where it is: it writes the consoles and panics."""
        try:
            self.machine.qmp.call("inject-nmi")
        except QmpError as error:
            say(f"no last words: {error}")
            return
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        self.is_over = False
        while not self.is_over and time.monotonic() < deadline:
            ready = self.selector.select(QUIET_SECONDS)
            if not ready:
                return
            for key, _ in ready:
                key.data()

    def copy_dump(self):
        """The debug console carries nothing but console dumps."""
        if self.options.dump_console is None:
            return
        source = self.folder / "debugcon"
        try:
            shutil.copyfile(source, self.options.dump_console)
            lines = source.read_bytes().count(b"\n")
        except OSError as error:
            self.lose(f"no console dump: {error}")
            return
        if lines != DUMP_LINES * len(self.options.planned):
            self.lose(f"the console dump has {lines} lines, not {DUMP_LINES} of each autorun: the machine wrote no "
                      "more")

    def write_trace(self):
        """What came on the channel of traces, as JSON."""
        if self.options.trace is None:
            return
        try:
            data = (self.folder / "trace").read_bytes()
            self.options.trace.write_text(trace.convert(data), encoding="ascii")
        except (OSError, trace.Broken) as error:
            self.lose(f"no trace: {error}")
            return
        if not data:
            self.lose("the trace is empty: no guest that can be traced has ended")
