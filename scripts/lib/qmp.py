"""A small client of QEMU's machine protocol: commands with their answers, and the events in between."""
import json
import select
import time


class QmpError(Exception):
    """QEMU refused a command, or did not answer."""


class Qmp:
    """Speaks over a connected socket, which it owns."""

    def __init__(self, connection):
        self.connection = connection
        self.rest = b""
        self.events = []        # names of events seen so far
        self.answers = []
        try:
            self.send("qmp_capabilities")
        except OSError:
            pass                # QEMU has ended already; pump() will say so

    def fileno(self):
        return self.connection.fileno()

    def send(self, command, **arguments):
        self.connection.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")

    def pump(self):
        """Read what is there. False when QEMU has closed its end."""
        try:
            data = self.connection.recv(65536)
        except ConnectionResetError:
            data = b""
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for message in map(json.loads, filter(bytes.strip, lines)):
            if "event" in message:
                self.events.append(message["event"])
            elif "return" in message or "error" in message:
                self.answers.append(message)
        return data != b""

    def call(self, command, seconds=10, **arguments):
        """Send a command and wait for its answer."""
        deadline = time.monotonic() + seconds
        try:
            while len(self.answers) < 1:        # to qmp_capabilities
                self.wait(command, deadline)
            del self.answers[1:]
            self.send(command, **arguments)
            while len(self.answers) < 2:
                self.wait(command, deadline)
        except OSError as error:
            raise QmpError(f"{command}: {error}") from None
        answer = self.answers.pop()
        if "error" in answer:
            raise QmpError(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def wait(self, command, deadline):
        ready = select.select([self.connection], [], [], max(0, deadline - time.monotonic()))[0]
        if not ready or not self.pump():
            raise QmpError(f"{command}: no answer from QEMU")

    def quit(self):
        """Ask QEMU to end; it may have done so already."""
        try:
            self.send("quit")
        except OSError:
            pass

    def close(self):
        self.connection.close()
