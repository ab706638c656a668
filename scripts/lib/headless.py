"""A run for scripts: the TAP stream on stdout, the verdict as exit status."""
import contextlib
import re

from lib import report
from lib.logs import Logs
from lib.report import OutputLost, say, write_stdout
from lib.session import Session, Stopped
from lib.tap import PROCESS_STATUS, Stream

# After its last line the machine drains the line and powers off; after a panic it may just stand.
SECONDS_TO_POWER_OFF = 10
SECONDS_AFTER_PANIC = 2


class HeadlessSession(Session):
    """Ends with QEMU, with its picture (--screenshot keeps QEMU after power-off), or when time is up."""

    def __init__(self, options, machine, folder):
        super().__init__(options, machine, folder)
        self.stream = Stream()
        self.logs = Logs(options.logs, [name for name, _ in options.planned]) if options.logs else None
        self.grace_given = False
        self.last_words = b""       # what came after the time-out: no part of the stream

    def take_output(self, data):
        if self.timed_out:
            self.last_words += data
            return
        lines = self.stream.feed(data)
        write_stdout(lines)
        if self.logs is not None:
            self.logs.take(lines)
        if self.stream.is_complete and not self.grace_given:
            self.grace_given = True
            self.call_after(SECONDS_AFTER_PANIC if self.stream.bailed_out else SECONDS_TO_POWER_OFF, self.give_up)

    def give_up(self):
        """The stream is complete, but the machine has not ended."""
        if not self.stream.bailed_out:
            self.stream.problems.append("the machine did not power off after its last line")
        self.take_picture()
        self.end()

    def read_qmp(self):
        super().read_qmp()
        if self.options.screenshot and "SHUTDOWN" in self.machine.qmp.events:
            self.take_picture()
            self.end()

    def finish(self):
        """Close the stream and return the exit status."""
        self.drain()
        status = self.machine.stop()
        if self.timed_out:
            words = tell_last_words(self.last_words.replace(b"\r", b"").decode("utf-8", "replace"))
            if words:
                say(words)
            write_stdout(self.stream.close("timeout"))
            return report.EXIT_TIMEOUT
        if not self.stream.is_complete:
            say(f"the machine ended early (QEMU: status {status})")
            write_stdout(self.stream.close("the machine ended early"))
        verdict = self.stream.judge()
        if verdict in PROCESS_STATUS and not self.options.screenshot and status != PROCESS_STATUS[verdict]:
            self.stream.problems.append(f"QEMU ended with {status}, but the stream means {PROCESS_STATUS[verdict]}")
            verdict = report.EXIT_BROKEN
        if self.stream.last_words:
            say("\n".join(self.stream.last_words).strip("\n"))
        for problem in self.stream.problems:
            say(f"stream: {problem}")
        return self.complete(verdict)

    def drain(self):
        """Take what is still in the pipe of a QEMU that has ended."""
        self.is_over = False
        while not self.is_over:
            self.read_serial()


def tell_last_words(text):
    """The report after the time-out, '' if there is none. An NMI is this script's own: no hardware has failed."""
    _, panic, words = text.partition("Bail out! ")
    own = re.sub(r"^panic: NMI[^\n]*", "time-out: this is where the machine was, by the NMI button that scripts/run "
                                       "pressed", words)
    return (own if own != words else panic + words).rstrip()


def run(options, machine, folder):
    """Run to the end; the exit status of docs/operator.md."""
    session = None
    try:
        session = HeadlessSession(options, machine, folder)
        session.run()
        return session.finish()
    except OutputLost as error:
        say(str(error))
        return report.EXIT_BROKEN
    except Stopped as stop:
        machine.stop()
        with contextlib.suppress(OutputLost):       # the signal says enough
            write_stdout(session.stream.close(str(stop)) if session else b"")
        return stop.status
