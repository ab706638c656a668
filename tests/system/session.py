"""A session as a person has it: scripts/run on a terminal that understands VT100, and QEMU's own keyboard."""
import json
import os
import pathlib
import pty
import re
import select
import socket
import subprocess
import tempfile
import time

import pyte

from harness import RUN, Result


class Screen:
    """A VT100 and what it shows; read() of whoever is one feeds it, and says whether there may be more."""

    def __init__(self):
        self.screen = pyte.Screen(80, 26)
        self.stream = pyte.ByteStream(self.screen)

    def wait(self, pattern, limit=60):
        """Read until the screen shows pattern."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if re.search(pattern, "\n".join(self.screen.display)):
                return True
            if not self.read(0.2):
                return False
        return False


class Terminal(Screen):
    """scripts/run on a pseudo-terminal with a VT100 behind it, as a person has it; the end of a with block ends it."""

    def __init__(self, *arguments):
        super().__init__()
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([str(RUN), *arguments], stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, env={**os.environ, "TERM": "xterm", "DISPLAY": ""})
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.terminate()
        self.close()

    def read(self, seconds):
        """Feed the terminal for at most so long; False at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            self.stream.feed(os.read(self.master, 65536))
        except OSError:
            return False
        return True

    def rest(self, seconds):
        """Read for so long, whatever comes."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.1)

    def type(self, text):
        os.write(self.master, text.encode())

    def close(self, limit=20):
        """The exit status, or None when it had to be killed."""
        end = time.monotonic() + limit
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.2)
        status = self.process.poll()
        if status is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        return status


def judge(name, condition, terminal):
    """A result; the screen explains a failure."""
    return Result(name, bool(condition), "" if condition else "\n".join(terminal.screen.display))


def say(terminal, line, pattern, limit=20):
    """One line for the monitor, and what it is to say: on a screen that is empty by then, as it might show this from
    before. (Unless somebody else says something there just now.)"""
    terminal.type("\x1d0clear\r")
    terminal.wait(r"\A *cobble> *\n", 2)
    terminal.type(f"{line}\r")
    return terminal.wait(pattern, limit)


class Machine(Terminal):
    """The same with QEMU's monitor at hand: keys as from a PS/2 keyboard, and a trace of what QEMU's devices did."""

    def __init__(self, *arguments, trace=(), qemu=()):
        self.folder = tempfile.TemporaryDirectory()
        path = pathlib.Path(self.folder.name)
        self.trace = path / "trace"
        events = [word for event in trace for word in ("-trace", f"enable={event}")]
        super().__init__(*arguments, "--", "-qmp", f"unix:{path / 'qmp'},server=on,wait=off",
                         "-D", str(self.trace), *events, *qemu)
        self.qmp = None

    def command(self, name, **arguments):
        """One command for QEMU; what it returned."""
        if self.qmp is None:
            self.qmp = socket.socket(socket.AF_UNIX)
            self.qmp.connect(str(self.trace.parent / "qmp"))
            self.answers = self.qmp.makefile("r", encoding="utf-8")
            self.command("qmp_capabilities")
        self.qmp.sendall(json.dumps({"execute": name, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self.answers.readline())
            if "return" in answer or "error" in answer:
                return answer.get("return")

    def press(self, *keys):
        """Keys of QEMU's names, held together for a moment."""
        self.command("send-key", keys=[{"type": "qcode", "data": key} for key in keys], **{"hold-time": 40})
        self.read(0.2)

    def hold(self, key, makes):
        """One key held down, as a keyboard tells it: so many makes, then its break."""
        for down in [True] * makes + [False]:
            event = {"down": down, "key": {"type": "qcode", "data": key}}
            self.command("input-send-event", events=[{"type": "key", "data": event}])
        self.read(0.2)

    def traced(self, pattern, limit=10):
        """Wait until the trace has pattern."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.trace.exists() and re.search(pattern, self.trace.read_text()):
                return True
            self.read(0.1)
        return False

    def close(self, limit=20):
        if self.qmp is not None:
            self.answers.close()
            self.qmp.close()
        status = super().close(limit)
        self.folder.cleanup()
        return status
