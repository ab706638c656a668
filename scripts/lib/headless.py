"""A run for scripts: the TAP stream on stdout, the verdict as exit status."""
from lib import report
from lib.report import say
from lib.session import Session, Stopped, write_all
from lib.tap import PROCESS_STATUS, Stream

STDOUT = 1
# After its last line the machine drains the line and powers off; after a panic it may just stand.
SECONDS_TO_POWER_OFF = 10
SECONDS_AFTER_PANIC = 2


class HeadlessSession(Session):
    """Ends with QEMU, with its picture (--screenshot keeps QEMU after power-off), or when time is up."""

    def __init__(self, options, machine, folder):
        super().__init__(options, machine, folder)
        self.stream = Stream()
        self.grace_given = False
        self.last_words = b""       # what came after the time-out: no part of the stream

    def take_output(self, data):
        if self.timed_out:
            self.last_words += data
            return
        write_all(STDOUT, self.stream.feed(data))
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
            _, panic, words = self.last_words.replace(b"\r", b"").partition(b"Bail out! ")
            if words:
                say((panic + words).decode("utf-8", "replace").rstrip())
            write_all(STDOUT, self.stream.close("timeout"))
            return report.EXIT_TIMEOUT
        if not self.stream.is_complete:
            say(f"the machine ended early (QEMU: status {status})")
            write_all(STDOUT, self.stream.close("the machine ended early"))
        verdict = self.stream.judge()
        if verdict in PROCESS_STATUS and not self.options.screenshot and status != PROCESS_STATUS[verdict]:
            self.stream.problems.append(f"QEMU ended with {status}, but the stream means {PROCESS_STATUS[verdict]}")
            verdict = report.EXIT_BROKEN
        if self.stream.last_words:
            say("\n".join(self.stream.last_words).strip("\n"))
        for problem in self.stream.problems:
            say(f"stream: {problem}")
        return verdict

    def drain(self):
        """Take what is still in the pipe of a QEMU that has ended."""
        self.is_over = False
        while not self.is_over:
            self.read_serial()


def run(options, machine, folder):
    """Run to the end; the exit status of operator.md."""
    session = HeadlessSession(options, machine, folder)
    try:
        session.run()
        return session.finish()
    except Stopped as stop:
        machine.stop()
        write_all(STDOUT, session.stream.close(str(stop)))
        return stop.status
    except BrokenPipeError:
        say("nobody reads stdout any more")
        return report.EXIT_BROKEN
