"""--gdb: which file gdb wants, how it gets to the machine, and a session with it at the terminal."""
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time

from lib import build
from lib.report import EXIT_OK, STDIN, SetupError, say

POLL_SECONDS = 0.02


def find_image(options):
    """The guest's ELF: of --guest, or one of Cobble's own."""
    wanted = options.gdb_guest.lower()
    for name, path in options.guests.items():
        if name.lower() == wanted:
            return path
    for path in sorted((build.DIRECTORY / "guestfs").rglob("*")):
        if path.name.lower() == wanted and path.is_file():
            return path
    raise SetupError(f"--gdb '{options.gdb_guest}': no --guest has this name, nor has a guest of Cobble")


def guest_command(options, socket):
    """gdb waits until the machine has booted and the guest is there."""
    return ["gdb", str(find_image(options)), "-ex", "set remotetimeout 60", "-ex", f"target remote {socket}"]


def hypervisor_command(socket):
    return ["gdb", str(build.HV_ELF), "-ex", f"set substitute-path build/hv {build.ROOT / 'hv'}",
            "-ex", f"target remote {socket}"]


def wants_terminal(options):
    """Is gdb to be started here?"""
    return options.gdb_guest is not None and not options.headless and os.isatty(STDIN)


def wait_for_socket(machine):
    """gdb tries once. Where QEMU ends without one, the run says why."""
    while not machine.gdb_socket.exists() and machine.process.poll() is None:
        time.sleep(POLL_SECONDS)


def tell(options, machine):
    """Say how to attach, once that can be done."""
    wait_for_socket(machine)
    socket = machine.gdb_socket
    command = guest_command(options, socket) if options.gdb_guest else hypervisor_command(socket)
    say("waiting for:\n  " + " ".join(shlex.quote(word) for word in command))


def take_terminal(group):
    """Make a process group the one that this terminal's keys and signals go to."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)      # which stops a group in the background that asks
    with contextlib.suppress(OSError):                          # a terminal that is not ours to give
        os.tcsetpgrp(STDIN, group)
    signal.signal(signal.SIGTTOU, before)


def become_group():
    """A process that has just been forked becomes the terminal's group, as a shell does with a command."""
    os.setpgid(0, 0)
    take_terminal(os.getpid())


def wait(process):
    """Until it has ended. When Ctrl-Z stops it, we stop, too, with the make that called us; fg goes on with all."""
    while os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1]):
        take_terminal(os.getpgrp())
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        take_terminal(process.pid)
        os.killpg(process.pid, signal.SIGCONT)


def run(options, machine):
    """gdb at this terminal until it ends, and then the machine. Consoles are in QEMU's window, if there is one.

    Ctrl-C is gdb's alone: a make above us would take it for its own end.
    """
    if shutil.which("gdb") is None:
        raise SetupError("--gdb: there is no gdb here: apt-get install gdb")
    wait_for_socket(machine)
    process = subprocess.Popen(guest_command(options, machine.gdb_socket), preexec_fn=become_group)
    threading.Thread(target=machine.process.stdout.read, daemon=True).start()      # else a full pipe holds the machine
    try:
        wait(process)
    finally:
        take_terminal(os.getpgrp())
    return EXIT_OK
