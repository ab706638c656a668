"""One run of the machine: wait for serial output, QMP events and the clock, until there is a reason to end it."""
import os
import selectors
import shutil
import signal
import time

from lib.qmp import QmpError
from lib.report import say

LAST_WORDS_SECONDS = 3
QUIET_SECONDS = 0.5


class Stopped(Exception):
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


def write_all(descriptor, data):
    """Write everything, past Python's buffers: what is written must be out when QEMU is stopped."""
    while data:
        data = data[os.write(descriptor, data):]


class Session:
    """The loop; subclasses say what becomes of the serial output."""

    def __init__(self, options, machine, folder):
        self.options = options
        self.machine = machine
        self.folder = folder
        self.is_over = False            # leave the loop
        self.timed_out = False
        self.picture_taken = False
        self.alarms = []                # (monotonic time, function)
        self.selector = selectors.PollSelector()    # epoll takes no files
        self.selector.register(machine.serial_out, selectors.EVENT_READ, self.read_serial)
        self.selector.register(machine.qmp, selectors.EVENT_READ, self.read_qmp)
        if options.timeout_seconds is not None:
            self.call_after(options.timeout_seconds, self.time_out)

    def take_output(self, data):
        """Serial output has come."""
        raise NotImplementedError

    def end(self):
        self.is_over = True

    def call_after(self, seconds, function):
        self.alarms.append((time.monotonic() + seconds, function))
        self.alarms.sort(key=lambda alarm: alarm[0])

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
        self.copy_dump()

    def take_picture(self):
        """Write the framebuffer to --screenshot, once."""
        if self.options.screenshot is None or self.picture_taken:
            return
        self.picture_taken = True
        try:
            self.machine.qmp.call("screendump", filename=str(self.options.screenshot), format="png")
        except QmpError as error:
            say(f"no screenshot: {error}")

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
        try:
            shutil.copyfile(self.folder / "debugcon", self.options.dump_console)
        except OSError as error:
            say(f"no console dump: {error}")
            return
        if self.options.dump_console.stat().st_size == 0:
            say("the console dump is empty: the machine wrote none")
