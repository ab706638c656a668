"""What virtual PCs send on COM1, byte for byte, beside what plain QEMU writes to a file for the same kernel.

Cobble tells each byte on a debug console of QEMU at port EB, besides the console that shows it: a line ID NAME COUNT,
then so many bytes as they are. A row log has no CR, no empty row and no blank at a row's end; this has all, and of a
text page nothing.
"""
import collections
import contextlib
import dataclasses
import pathlib
import re
import socket
import subprocess
import tempfile
import time

import harness
from lib.machine import escape
from lib.qmp import Qmp
from vpc_kernels import KERNELS, plain_command

LIMIT_S = 60
MORE_S = 1.5            # in which one that is to say no more may do so
HEAD = re.compile(rb"(\d+) (\S+) (\d+)\n")


@dataclasses.dataclass
class Boot(harness.Boot):
    """And what each PC sent: {name: [bytes of the first that was called so, of the second, ...]}."""
    sent: dict = dataclasses.field(default_factory=dict)


def read_sent(data):
    """The channel, in pieces of a turn each, by name and in order of IDs."""
    pieces, names, at = collections.defaultdict(bytes), {}, 0
    while head := HEAD.match(data, at):
        number, name, count = int(head[1]), head[2].decode(), int(head[3])
        at = head.end() + count
        names[number] = name
        pieces[number] += data[head.end():at]
    if at != len(data):
        raise ValueError(f"no head at byte {at} of {len(data)}: {data[at:at + 80]}")
    sent = collections.defaultdict(list)
    for number in sorted(pieces):
        sent[names[number]].append(pieces[number])
    return dict(sent)


def run(*arguments, **words):
    """harness.run, with what virtual PCs sent."""
    with tempfile.NamedTemporaryFile() as channel:
        devices = ("-chardev", f"file,id=com1,path={escape(channel.name)}",
                   "-device", "isa-debugcon,iobase=0xeb,readback=0xeb,chardev=com1")
        boot = harness.run(*arguments, *(() if "--" in arguments else ("--",)), *devices, **words)
        return Boot(**vars(boot), sent=read_sent(channel.read()))


class Plain:
    """A kernel in plain QEMU. Its command line begins with its file's name, as QEMU gives it."""

    def __init__(self, name, *options, line="", memory=32, has_input=False):
        ours, theirs = socket.socketpair()
        self.serial = tempfile.NamedTemporaryFile()     # pylint: disable=consider-using-with
        words = ["-append", line] if line else []
        command = plain_command(self.serial, "-kernel", f"{name}.vpc", *words, *options, "-chardev",
                                f"socket,id=qmp,fd={theirs.fileno()}", "-mon", "chardev=qmp,mode=control",
                                memory=memory, has_input=has_input)
        self.process = subprocess.Popen(command, cwd=KERNELS, pass_fds=[theirs.fileno()], stdin=subprocess.PIPE,
                                        stdout=self.serial, stderr=subprocess.DEVNULL)
        theirs.close()
        self.qmp = Qmp(ours)

    def said(self):
        return pathlib.Path(self.serial.name).read_bytes()

    def wait(self, count):
        """Until it has said so many bytes, or ended."""
        end = time.monotonic() + LIMIT_S
        while len(self.said()) < count and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)

    def press(self, *keys):
        """Keys of QEMU's names, held together for a moment."""
        self.qmp.call("send-key", keys=[{"type": "qcode", "data": key} for key in keys], **{"hold-time": 40})

    def send(self, data):
        """Bytes that come in on COM1."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def close(self, goes_on=False):
        """Once it has ended; one that goes on for ever is ended, some time later. The guest's status, and all that it
        said; below 0, the signal that ended QEMU."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(MORE_S if goes_on else LIMIT_S)
        self.process.kill()
        status = self.process.wait()
        self.process.stdin.close()
        self.qmp.close()
        with self.serial:
            return status if status < 0 else status >> 1, self.said()
