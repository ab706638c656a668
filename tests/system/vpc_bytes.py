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
SHOWN = 80              # bytes around a difference
MORE_S = 1.5            # in which one that is to say no more may do so
HEAD = re.compile(rb"(\d+) (\S+) (\d+)\n")


@dataclasses.dataclass
class Boot(harness.Boot):
    """And what each PC sent: {name: [bytes of the first that was called so, of the second, ...]}."""
    sent: dict = dataclasses.field(default_factory=dict)


def read_sent(data):
    """The channel, in pieces of a turn each, by name and in order of IDs. A machine that was ended may leave a half."""
    pieces, names, at = collections.defaultdict(bytes), {}, 0
    while head := HEAD.match(data, at):
        number, name, count = int(head[1]), head[2].decode(), int(head[3])
        at = head.end() + count
        names[number] = name
        pieces[number] += data[head.end():at]
    sent = collections.defaultdict(list)
    for number in sorted(pieces):
        sent[names[number]].append(pieces[number])
    return dict(sent)


@contextlib.contextmanager
def overhearing():
    """QEMU's options for a machine whose PCs are overheard, and what gives all that they sent until now."""
    with tempfile.NamedTemporaryFile() as channel:
        yield (("-chardev", f"file,id=com1,path={escape(channel.name)}",
                "-device", "isa-debugcon,iobase=0xeb,readback=0xeb,chardev=com1"),
               lambda: read_sent(pathlib.Path(channel.name).read_bytes()))


def run(*arguments, **words):
    """harness.run, with what virtual PCs sent."""
    with overhearing() as (devices, read):
        boot = harness.run(*arguments, *(() if "--" in arguments else ("--",)), *devices, **words)
        return Boot(**vars(boot), sent=read())


class Plain:
    """A kernel in plain QEMU. Its command line begins with its file's name, as QEMU gives it."""

    def __init__(self, name, *options, line="", memory=32, has_input=False):
        ours, theirs = socket.socketpair()
        self.serial = tempfile.NamedTemporaryFile()     # pylint: disable=consider-using-with
        words = ["-append", line] if line else []
        command = plain_command(self.serial, "-kernel", f"{name}.vpc", *words, *options, "-chardev",
                                f"socket,id=qmp,fd={theirs.fileno()}", "-mon", "chardev=qmp,mode=control",
                                memory=memory, has_input=has_input)
        command = ["setpriv", "--pdeathsig", "KILL", *command]      # should this test break off
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


def difference(ours, theirs):
    """Where two texts part, and what is there."""
    at = next((at for at, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
    begin = max(0, at - SHOWN // 2)
    return f"at byte {at} of {len(ours)}, ours: {ours[begin:begin + SHOWN]}\n" \
           f"at byte {at} of {len(theirs)}, the other: {theirs[begin:begin + SHOWN]}"


def same_bytes(name, sent, said, count=1):
    """What each of so many PCs sent, against what plain QEMU has."""
    return harness.Result(f"vpc.{name}.same_bytes", len(said) > 0 and sent == [said] * count,
                          "\n".join([f"{len(sent)} of {count}", *(difference(each, said) for each in sent
                                                                 if each != said)]))


def plain(name, *options, line="", count=0):
    """What a kernel says in plain QEMU until it ends; with a count, of one that goes on for ever: so many bytes, and
    whatever comes within a second and a half."""
    pc = Plain(name, *options, line=line)
    if count > 0:
        pc.wait(count)
    return pc.close(count > 0)[1]
