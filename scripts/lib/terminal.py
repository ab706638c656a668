"""A run for a person: serial on the terminal, every key passed on."""
import contextlib
import os
import re
import selectors
import signal
import termios
import tty

from lib import report
from lib.report import STDIN, OutputLost, say, write_all, write_stdout
from lib.session import Session, Stopped, is_hung_up

LAST_LINE = re.compile(rb"^# cobble: done .*\n", re.MULTILINE)
SECONDS_TO_DRAW = 1
STATUS_TERMINAL_GONE = 128 + signal.SIGHUP      # as if the signal had come


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
        with contextlib.suppress(termios.error):        # it may be gone
            termios.tcsetattr(STDIN, termios.TCSADRAIN, settings)


class TerminalGone(Exception):
    """Nobody can type any more, and no SIGHUP has said so."""


class TerminalSession(Session):
    """Ends with QEMU, at --timeout, or with the terminal."""

    def __init__(self, options, machine, folder):
        self.has_terminal = os.isatty(STDIN)
        super().__init__(options, machine, folder)
        self.tail = b""         # of the output, to find the last line of an autorun
        self.selector.register(STDIN, selectors.EVENT_READ, self.read_keys)

    def take_output(self, data):
        if self.timed_out:
            return              # the panic that press_nmi_button brings about is no news for a person
        write_stdout(data)
        self.tail = (self.tail + data.replace(b"\r", b""))[-4096:]
        if self.options.screenshot and LAST_LINE.search(self.tail):
            self.tail = b""
            self.call_after(SECONDS_TO_DRAW, self.take_picture)

    def press_nmi_button(self):
        """Only for the consoles: who sits at the terminal has seen where the machine is."""
        if self.options.dump_console is not None:
            super().press_nmi_button()

    def watch(self):
        if self.has_terminal and is_hung_up(STDIN):
            raise TerminalGone()
        super().watch()

    def read_keys(self):
        try:
            data = os.read(STDIN, 4096)
        except OSError:         # EIO: of a terminal that is gone
            data = b""
        if not data and self.has_terminal:
            raise TerminalGone()
        try:
            write_all(self.machine.serial_in, data)
        except BrokenPipeError:
            pass                # QEMU has ended; its output will say so
        if not data:
            self.selector.unregister(STDIN)


def run(options, machine, folder):
    """Run until QEMU ends; the exit status."""
    if os.isatty(STDIN):
        say("serial is this terminal; Ctrl-] ? lists Cobble's keys, Ctrl-A X ends QEMU")
    try:
        with raw_terminal():
            session = TerminalSession(options, machine, folder)
            session.run()
    except Stopped as stop:
        return stop.status
    except (OutputLost, TerminalGone) as error:
        machine.stop()
        say(str(error) or "the terminal is gone")
        return STATUS_TERMINAL_GONE if isinstance(error, TerminalGone) else report.EXIT_BROKEN
    if session.timed_out:
        return report.EXIT_TIMEOUT
    return session.complete(report.EXIT_OK if machine.stop() == 0 else report.EXIT_BROKEN)
