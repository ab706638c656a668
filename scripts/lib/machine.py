"""The virtual PC: QEMU's command line, the process, and its end."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from lib import packages, report
from lib.qmp import Qmp
from lib.report import SetupError

QEMU = "qemu-system-x86_64"
CODE, VARIABLES = "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"
# Starts only what is signed with the key that image.py signs with.
SECURE_CODE, SECURE_VARIABLES = "OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.snakeoil.fd"
# What that firmware wants of the machine: its variables change in system management mode alone.
SECURE_BOOT = ["-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"]
# How each kind of boot volume is attached: the drive's options, then the devices.
BOOT_DEVICES = {
    "disk": ("", ["virtio-blk-pci,drive=boot,bootindex=0"]),
    "cd": (",media=cdrom", ["ide-cd,drive=boot,bootindex=0"]),
    "usb": ("", ["qemu-xhci,id=usb", "usb-storage,bus=usb.0,drive=boot,bootindex=0"]),
}


# An instruction takes 8 ns, a halted processor no time, and the date is always the same.
COUNTED = ["-icount", "shift=3,sleep=off,align=off", "-rtc", "base=2000-01-01,clock=vm"]
# COM4: the firmware has its console on COM1 and COM2, and would take what a waiting gdb sends.
GDB_LINE = ["-device", "isa-serial,index=3,chardev=gdb"]
POLL_SECONDS = 0.02
# Registers of a TPM, which firmware looks for there: TCG, "PC Client Platform TPM Profile", "TPM Register Space".
TPM, TPM_BYTES = 0xFED40000, 0x5000
END_OF_ROM = 1 << 32

# Of a socket, with the NUL behind it: sun_path of unix(7).
SOCKET_PATH_BYTES = 108
SHORT_FOLDERS = ("/tmp", "/run/user/{uid}", "/dev/shm")


def escape(path):
    """A path as the value of a QEMU option."""
    return str(path).replace(",", ",,")


@contextlib.contextmanager
def socket_path(folder, name):
    """A path for a socket: in folder, or in a shorter one of its own when that is too deep for a socket."""
    if len(os.fsencode(folder / name)) < SOCKET_PATH_BYTES:
        yield folder / name
        return
    for short in SHORT_FOLDERS:
        try:
            place = tempfile.TemporaryDirectory(prefix="cobble-", dir=short.format(uid=os.getuid()))
        except OSError:
            continue
        with place as other:
            yield pathlib.Path(other, name)
        return
    raise SetupError(f"--gdb: the path {folder / name} is too long for a socket; name a shorter folder: TMPDIR=/tmp")


def choose_display():
    """A window if there is a screen and a QEMU that can use it."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "none"
    known = subprocess.run([QEMU, "-display", "help"], capture_output=True, text=True).stdout.split()
    return next((display for display in ("gtk", "sdl") if display in known), "none")


def make_rom(folder):
    """The firmware as one ROM, which reaches down to the registers of a TPM and has ones there, as a PC without a TPM.

    QEMU alone has zeros, which the firmware takes for a TPM that is slow: it waits two seconds for it, in a loop. Its
    variables are in RAM then, as new as those of the empty file.
    """
    firmware = b"".join((packages.FIRMWARE / name).read_bytes() for name in (VARIABLES, CODE))
    with open(folder / "firmware", "wb") as rom:
        rom.write(b"\xff" * TPM_BYTES)
        rom.seek(END_OF_ROM - TPM - len(firmware))
        rom.write(firmware)
    return ["-bios", str(folder / "firmware")]


def make_flash(folder):
    """The firmware that knows Secure Boot, in flash memory that it locks."""
    variables = folder / "OVMF_VARS.fd"
    shutil.copyfile(packages.FIRMWARE / SECURE_VARIABLES, variables)
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={escape(packages.FIRMWARE / SECURE_CODE)}",
            "-drive", f"if=pflash,format=raw,file={escape(variables)}", *SECURE_BOOT]


def make_command(options, volume, folder, qmp_fd, gdb_socket):
    """QEMU's command line. folder is the run's own temporary folder."""
    try:
        firmware = (make_flash if options.secure_boot else make_rom)(folder)
    except OSError as error:
        raise SetupError(f"the firmware of package ovmf: {error}") from None
    drive, devices = BOOT_DEVICES[options.boot_from]
    command = [
        QEMU, "-machine", "q35", "-cpu", "max", "-m", str(options.memory_mib), "-smp", str(options.processors),
        "-nodefaults", "-nic", "none", "-vga", "std",
        "-display", "none" if options.headless else choose_display(),
        *firmware,
        "-drive", f"if=none,id=boot,format=raw,readonly=on{drive},file={escape(volume)}",
        *(word for device in devices for word in ("-device", device)),
        "-chardev", f"file,id=debugcon,path={escape(folder / 'debugcon')}",
        "-device", "isa-debugcon,iobase=0xe9,chardev=debugcon",
        "-chardev", f"socket,id=qmp,fd={qmp_fd}", "-mon", "chardev=qmp,mode=control",
    ]
    if options.trace:
        command += ["-chardev", f"file,id=trace,path={escape(folder / 'trace')}",
                    "-device", "isa-debugcon,iobase=0xea,readback=0xea,chardev=trace"]
    if options.counted:
        command += COUNTED
    if options.headless:
        command += ["-serial", f"file:{escape(folder / 'serial')}" if options.counted else "stdio", "-no-reboot"]
        command += ["-no-shutdown"] if options.screenshot else ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    else:
        command += ["-serial", "mon:stdio"]     # adds QEMU's own Ctrl-A keys
    if options.gdb_guest:
        command += ["-chardev", f"socket,id=gdb,path={escape(gdb_socket)},server=on,wait=off", *GDB_LINE]
    if options.gdb_hypervisor:
        command += ["-S", "-gdb", f"unix:{escape(gdb_socket)},server=on,wait=off"]
    return command + options.qemu


class Machine:
    """A running QEMU: its serial line as two pipes, and its machine protocol."""

    def __init__(self, options, volume, folder):
        ours, theirs = socket.socketpair()
        self.places = contextlib.ExitStack()
        self.gdb_socket = self.places.enter_context(socket_path(folder, "gdb"))
        command = make_command(options, volume, folder, theirs.fileno(), self.gdb_socket)
        # Should this script be killed, QEMU must not go on for ever.
        command = ["setpriv", "--pdeathsig", "KILL", *command]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdout=subprocess.PIPE,
                                        stdin=subprocess.DEVNULL if options.headless else subprocess.PIPE,
                                        start_new_session=True)      # a Ctrl-C at the terminal is for this script
        theirs.close()
        if options.counted and options.headless:
            self.serial_out = self.follow(folder / "serial")
        else:
            self.serial_out = self.process.stdout.fileno()
        self.serial_in = self.process.stdin.fileno() if self.process.stdin else None
        self.qmp = Qmp(ours)

    def follow(self, path):
        """A pipe with what a file gets while QEMU runs: a file never makes a machine wait that counts instructions."""
        path.touch()
        reader, writer = os.pipe()
        self.places.callback(os.close, reader)
        threading.Thread(target=self.copy, args=(path, writer), daemon=True).start()
        return reader

    def copy(self, path, writer):
        with open(path, "rb") as file, open(writer, "wb", buffering=0) as pipe, contextlib.suppress(BrokenPipeError):
            ended = False
            while True:
                data = file.read(65536)
                if data:
                    report.write_all(pipe.fileno(), data)
                elif ended:
                    return
                else:
                    ended = self.process.poll() is not None
                    time.sleep(0 if ended else POLL_SECONDS)

    def stop(self, seconds=3):
        """End QEMU if it still runs, and return its status."""
        try:
            return self.process.wait(0.1)
        except subprocess.TimeoutExpired:
            pass
        for end, patience in ((self.qmp.quit, 1), (self.process.terminate, seconds), (self.process.kill, None)):
            end()
            try:
                return self.process.wait(patience)
            except subprocess.TimeoutExpired:
                pass

    def close(self):
        self.stop()
        self.qmp.close()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self.places.close()
