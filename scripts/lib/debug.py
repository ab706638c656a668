"""--gdb: which file gdb wants, how it gets to the machine, and a session with it at the terminal."""
import os
import shlex
import shutil
import signal
import subprocess
import threading

from lib import build
from lib.report import EXIT_OK, STDIN, SetupError, say


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


def tell(options, machine):
    """Say how to attach."""
    socket = machine.gdb_socket
    command = guest_command(options, socket) if options.gdb_guest else hypervisor_command(socket)
    say("waiting for:\n  " + " ".join(shlex.quote(word) for word in command))


def run(options, machine):
    """gdb at this terminal until it ends, and then the machine. Consoles are in QEMU's window, if there is one."""
    if shutil.which("gdb") is None:
        raise SetupError("--gdb: there is no gdb here: apt-get install gdb")
    command = guest_command(options, machine.gdb_socket)
    threading.Thread(target=machine.process.stdout.read, daemon=True).start()      # else a full pipe holds the machine
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)      # Ctrl-C is gdb's
    try:
        subprocess.run(command, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
    return EXIT_OK
