"""gdb as a person has it, at a terminal: Ctrl-C stops a guest that runs, wherever it is; make debug of one's folder."""
import contextlib
import fcntl
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import socket
import subprocess
import tempfile
import termios
import time

from gdb_tests import make_guest
from harness import ROOT, RUN, Boot, Result, check

SECONDS = 100
MOMENT = 0.5
PROMPT = "(gdb) "
# Waits in one way after the other, until the debugger writes the next number into phase.
PHASES = """
#include "sdk.h"

static volatile uint32_t phase, ticks, sums;

static void timer(struct event *event)
{
    (void)event;
    ticks++;
}

static __attribute__((noinline)) void compute(void)
{
    while (phase == 0)
        sums++;
}

static __attribute__((noinline)) void sleep(void)
{
    while (phase == 1)
        hlt();
}

static __attribute__((noinline)) void print(void)
{
    while (phase == 2)
        printf("still here\\n");
}

int main(void)
{
    compute();
    event_handle(HV_SLOT_TIMER, timer, true);
    hv_enable_interrupts();
    sleep();
    print();
    return 42;
}
"""
# Says again and again that it is there.
BESIDE = """
#include "sdk.h"

static volatile uint32_t ticks;

static void timer(struct event *event)
{
    (void)event;
    if (++ticks % 20 == 0)
        printf("tick %u\\n", ticks);
}

int main(void)
{
    event_handle(HV_SLOT_TIMER, timer, true);
    hv_enable_interrupts();
    for (;;)
        hlt();
}
"""


class Gdb:
    """A program that is or brings gdb, on a terminal of its own; the end of a with block ends it."""

    def __init__(self, command, folder, **environment):
        self.ours, theirs = pty.openpty()
        self.text = ""          # all that it wrote
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True,
            env={**os.environ, "TERM": "dumb", "DISPLAY": "", "HOME": str(folder), **environment},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))       # Ctrl-C is this terminal's to send
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(20)
        os.close(self.ours)

    def wait(self, pattern, begin=0, limit=SECONDS):
        """Read until what came from there on has pattern; all of that. "" if it does not come."""
        end = time.monotonic() + limit
        while not re.search(pattern, self.text[begin:]):
            if not select.select([self.ours], [], [], max(0, end - time.monotonic()))[0]:
                return ""
            data = b""
            with contextlib.suppress(OSError):      # EIO: nobody has the terminal any more
                data = os.read(self.ours, 65536)
            if not data:
                return ""
            self.text += data.decode("utf-8", "replace").replace("\r", "")
        return self.text[begin:]

    def type(self, text):
        os.write(self.ours, text.encode())

    def do(self, line, pattern=re.escape(PROMPT) + "$"):
        """Type a line; what comes, up to the next prompt or to pattern."""
        begin = len(self.text)
        self.type(line + "\n")
        return self.wait(pattern, begin)

    def interrupt(self):
        """Have the guest run for a moment, then Ctrl-C; what gdb says."""
        self.do("continue", r"Continuing\.\n")
        begin = len(self.text)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(MOMENT)
        os.write(self.ours, b"\x03")
        return self.wait(re.escape(PROMPT) + "$", begin)

    def begin(self):
        """Up to gdb's first prompt, with answers that no terminal cuts."""
        self.wait(re.escape(PROMPT) + "$")
        for setting in ("pagination off", "width 0", "confirm off", "style enabled off"):
            self.do(f"set {setting}")


def begin_session(folder, *arguments):
    """scripts/run without a terminal, with gdb waited for; its process, and the command for gdb that it tells."""
    process = subprocess.Popen([str(RUN), "--headless", *map(str, arguments)], stdin=subprocess.DEVNULL,
                               stdout=open(folder / "out", "wb"), stderr=subprocess.PIPE, text=True)
    said = process.stderr.readline() + process.stderr.readline()
    return process, shlex.split(said.splitlines()[1]) if said.startswith("waiting for:") else ["false"]


def rows(folder):
    """How many rows the neighbour has said until now, and the stream."""
    text = (folder / "out").read_text(encoding="utf-8", errors="replace")
    return text.count("\n# beside.elf| tick "), text


def wait_for(condition):
    """Until it holds; False: it never does."""
    end = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < end:
        time.sleep(0.2)
    return condition()


def interrupts():
    """Ctrl-C in a loop with interrupts off, in HLT and in prints; who runs beside goes on meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        image, beside = make_guest(folder / "mine", PHASES), make_guest(folder / "beside", BESIDE)
        process, command = begin_session(
            folder, "--together", "--gdb", "mine.elf", "--guest", image, "--autorun", "mine.elf expect=42 timeout=900s",
            "--guest", beside, "--autorun", "beside.elf timeout=900s")
        with Gdb([command[0], "-nx", "-q", *command[1:]], folder) as gdb:
            gdb.begin()
            for phase, function in enumerate(("compute", "sleep", "print")):
                gdb.do(f"set var phase = {phase}")
                gdb.do(f"break {function}")
                gdb.do("continue")
                gdb.do("delete")
                said = gdb.interrupt() + gdb.do("backtrace")
                yield Result(f"gdb.interrupt.in_{function}", re.search(
                    rf"received signal SIGINT, Interrupt\.\n(.*\n)*#\d+ .*\b{function} \(\) at mine\.c:\d+\n"
                    r"#\d+ .* in main \(\) at mine\.c:\d+", said), gdb.text)
            before, _ = rows(folder)
            goes_on = wait_for(lambda: rows(folder)[0] > before + 1)
            yield Result("gdb.interrupt.others_go_on", goes_on, rows(folder)[1][-500:])
            gdb.do("set var phase = 3")
            said = gdb.do("continue")
            yield Result("gdb.interrupt.end", "exited with code 052" in said, gdb.text)
        wait_for(lambda: "\nok 1 - mine.elf # exit 42" in rows(folder)[1])
        process.terminate()
        _, err = process.communicate(timeout=SECONDS)
        yield check("gdb.interrupt.verdict", "\nok 1 - mine.elf # exit 42" in rows(folder)[1],
                    Boot(process.returncode, rows(folder)[1], err))


def make_debug():
    """make debug in a folder of scripts/new-guest whose kernel hangs: gdb at once, Ctrl-C, and gdb's end is the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name, "my-kernel")
        subprocess.run([ROOT / "scripts" / "new-guest", folder], stdout=subprocess.DEVNULL, check=True)
        source = folder / "my-kernel.c"
        source.write_text(source.read_text().replace("ticks < 5", "ticks < 5000000"))
        with Gdb(["make", "debug"], folder) as gdb:
            gdb.begin()
            said = gdb.do("break timer") + gdb.do("continue") + gdb.do("delete")
            stopped = re.search(r"Breakpoint 1, timer .*at my-kernel\.c:\d+", said)
            yield Result("gdb.make_debug.break", stopped, gdb.text)
            said = gdb.interrupt() + gdb.do("backtrace")
            yield Result("gdb.make_debug.interrupt", re.search(r"received signal SIGINT, Interrupt\.(.*\n)*"
                                                               r"#\d+ .* main \(\) at my-kernel\.c", said), gdb.text)
            gdb.do("quit", "no more comes")
            yield Result("gdb.make_debug.quit", gdb.process.wait(SECONDS) == 0 and "***" not in gdb.text, gdb.text)


def suspended():
    """Ctrl-Z at gdb's prompt: the shell has the terminal, and fg brings gdb and its guest back."""
    with tempfile.TemporaryDirectory() as name:
        # A shell with jobs: it goes on when its child has stopped, and 20 is SIGTSTP.
        script = (f"{shlex.quote(str(RUN))} --gdb hello --type 'monitor:run hello\\n' -- -display none; "
                  "echo stopped $?; read; fg; echo ended $?")
        with Gdb(["bash", "-m", "-c", script], pathlib.Path(name)) as gdb:
            gdb.begin()
            gdb.type("\x1a")
            yield Result("gdb.suspended.stops", gdb.wait(rf"stopped {128 + signal.SIGTSTP}\n"), gdb.text)
            gdb.do("", r"run --gdb.*\n")
            gdb.do("p 6 * 7", r"\$1 = 42\n")     # its prompt may come now, or have been there when it was stopped
            said = gdb.do("x/i $pc", r"=> 0x.*\n")
            yield Result("gdb.suspended.goes_on", "<_start>" in said, gdb.text)
            yield Result("gdb.suspended.ends", gdb.do("quit", "ended 0"), gdb.text)


def hear(line, end):
    """What comes on a line up to what ends like this; with what came until then, if it does not come."""
    heard = b""
    with contextlib.suppress(OSError):      # a time-out, or QEMU's end
        while not heard.endswith(end) and (data := line.recv(1)):
            heard += data
    return heard


def lost_packet():
    """Who waits for the machine with a packet of which the beginning is lost is asked for it again, at once."""
    with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as line:
        folder = pathlib.Path(name)
        process, command = begin_session(folder, "--gdb", "hello", "--autorun", "hello timeout=900s")
        line.settimeout(SECONDS)
        line.connect(command[-1].removeprefix("target remote "))
        line.sendall(b"ported:swbreak+#00")
        heard = hear(line, b"-")
        line.sendall(b"$?#3f")
        answer = hear(line, b"+$")
        line.sendall(b"+$D#44")
        hear(line, b"nothing more")
        if not answer:
            process.terminate()
        _, err = process.communicate(timeout=SECONDS)
        yield check("gdb.lost_packet.asked_for_again", heard == b"-" and answer == b"+$" and
                    process.returncode == 0, Boot(process.returncode, f"{heard} {answer}\n{rows(folder)[1]}", err))


def tests():
    """Name and function of each test."""
    for function in (interrupts, make_debug, suspended, lost_packet):
        yield f"gdb_tests.{function.__name__}", function
