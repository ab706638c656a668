"""QEMU's gdb stub, as much of it as it takes to run to an address and look around there."""
import socket
import time

RIP = 16                    # its place in the "g" packet for x86-64: after the sixteen others
CONNECT_SECONDS = 120       # the build, and QEMU's start


class GdbStub:
    """A stopped machine. Packets: GDB manual, "Remote Serial Protocol"."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Let the machine run on, without us."""
        try:
            self.ask("D")
        finally:
            self.file.close()
            self.socket.close()

    def read_packet(self):
        """The next packet's text; acknowledges in between are dropped."""
        while self.file.read(1) != b"$":
            pass
        text = b""
        while (byte := self.file.read(1)) != b"#":
            text += byte
        self.file.read(2)       # the sum: a local socket loses nothing
        self.socket.sendall(b"+")
        return text.decode()

    def ask(self, text):
        """Send a command and return the answer."""
        self.socket.sendall(f"${text}#{sum(text.encode()) & 0xFF:02x}".encode())
        return self.read_packet()

    def run_to(self, address):
        """Run until the instruction at address is next."""
        self.ask(f"Z0,{address:x},1")
        self.ask("c")
        self.ask(f"z0,{address:x},1")
        rip = int.from_bytes(bytes.fromhex(self.ask("g")[RIP * 16:RIP * 16 + 16]), "little")
        if rip != address:
            raise RuntimeError(f"stopped at {rip:#x}, not {address:#x}")

    def read_u64(self, address):
        return int.from_bytes(bytes.fromhex(self.ask(f"m{address:x},8")), "little")
