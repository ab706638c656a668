"""A run for a person: serial on the terminal, every key passed on."""
import contextlib
import os
import re
import selectors
import sys
import termios
import tty

from lib import report
from lib.report import say
from lib.session import Session, Stopped, write_all

STDIN = 0
STDOUT = 1
LAST_LINE = re.compile(rb"^# cobble: done .*\n", re.MULTILINE)
SECONDS_TO_DRAW = 1


@contextlib.contextmanager
def raw_terminal():
    """Ctrl-C, Ctrl-] and all other keys reach the machine; the terminal is put back at the end."""
    if not os.isatty(STDIN):
        yield
        return
    settings = termios.tcgetattr(STDIN)
    try:
        tty.setraw(STDIN, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(STDIN, termios.TCSADRAIN, settings)


class TerminalSession(Session):
    """Ends with QEMU, or at --timeout."""

    def __init__(self, options, machine, folder):
        super().__init__(options, machine, folder)
        self.tail = b""         # of the output, to find the last line of an autorun
        self.selector.register(STDIN, selectors.EVENT_READ, self.read_keys)

    def take_output(self, data):
        if self.timed_out:
            return              # the panic that press_nmi_button brings about is no news for a person
        write_all(STDOUT, data)
        self.tail = (self.tail + data.replace(b"\r", b""))[-4096:]
        if self.options.screenshot and LAST_LINE.search(self.tail):
            self.tail = b""
            self.call_after(SECONDS_TO_DRAW, self.take_picture)

    def press_nmi_button(self):
        """Only for the consoles: who sits at the terminal has seen where the machine is."""
        if self.options.dump_console is not None:
            super().press_nmi_button()

    def read_keys(self):
        data = os.read(STDIN, 4096)
        try:
            write_all(self.machine.serial_in, data)
        except BrokenPipeError:
            pass                # QEMU has ended; its output will say so
        if not data:
            self.selector.unregister(STDIN)


def run(options, machine, folder):
    """Run until QEMU ends; the exit status."""
    if sys.stdin.isatty():
        say("serial is this terminal; Ctrl-] ? lists Cobble's keys, Ctrl-A X ends QEMU")
    try:
        with raw_terminal():
            session = TerminalSession(options, machine, folder)
            session.run()
    except Stopped as stop:
        return stop.status
    if session.timed_out:
        return report.EXIT_TIMEOUT
    return report.EXIT_OK if machine.stop() == 0 else report.EXIT_BROKEN
