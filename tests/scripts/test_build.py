"""The build directory of another user, its lock, and the place of gdb's socket."""
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest
from unittest import mock

from lib import build, machine
from lib.report import SetupError

NOBODY = 65534
NINJA = "rule copy\n  command = cp $in $out\nbuild copy: copy source\n"


def as_another_user(function):
    """Call it without root's rights, in a process of its own; what it raised, or None."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        try:
            function()
        except BaseException as error:      # pylint: disable=broad-except
            os.write(writer, f"{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with open(reader, encoding="utf-8") as pipe:
        return pipe.read() or None


class OtherUserTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cobble-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.directory = self.folder / "build"
        self.directory.mkdir()
        (self.directory / "build.ninja").write_text(NINJA)
        (self.directory / "source").write_text("x")
        self.folder.chmod(0o755)

    def build(self):
        build.build_in(self.folder, self.directory, ["copy"])

    def may_not_write(self):
        self.directory.chmod(0o555)
        for path in self.directory.iterdir():
            path.chmod(0o444)
        self.addCleanup(self.directory.chmod, 0o755)

    def test_up_to_date(self):
        """With the lock of a build before, and without one."""
        self.build()
        self.may_not_write()
        self.assertIsNone(as_another_user(self.build))
        self.directory.chmod(0o755)
        (self.directory / ".lock").unlink()
        self.directory.chmod(0o555)
        self.assertIsNone(as_another_user(self.build))

    def test_not_up_to_date(self):
        """Never built, and never configured: one line that says what to do."""
        self.may_not_write()
        self.assertRegex(as_another_user(self.build), "^SetupError: .*is not up to date, and .*COBBLE_BUILD=")
        self.directory.chmod(0o755)
        (self.directory / "build.ninja").unlink()
        self.directory.chmod(0o555)
        self.assertRegex(as_another_user(self.build), "^SetupError: .*is not up to date, and .*COBBLE_BUILD=")


class LockTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cobble-test-")
        self.addCleanup(folder.cleanup)
        self.directory = pathlib.Path(folder.name, "build")
        self.directory.mkdir()
        (self.directory / "build.ninja").write_text(NINJA)
        (self.directory / "source").write_text("x")
        self.said = []
        patch = mock.patch.object(build, "say", self.said.append)
        patch.start()
        self.addCleanup(patch.stop)

    def build_beside(self, how):
        """Build while another process holds the lock for a moment; what is said."""
        holder = subprocess.Popen(["flock", how, str(self.directory / ".lock"), "-c", "echo; read x"], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdout.readline()
        timer = threading.Timer(0.5, holder.stdin.close)
        timer.start()
        build.build_in(self.directory.parent, self.directory, ["copy"])
        timer.join()
        holder.wait()
        holder.stdout.close()
        return self.said

    def test_two_who_look(self):
        """Machines of the same test run start at once: what is up to date is nothing to wait for, nor to talk of."""
        build.build_in(self.directory.parent, self.directory, ["copy"])
        self.said.clear()
        self.assertEqual(self.build_beside("--shared"), [])

    def test_who_builds_waits(self):
        """For one who looks, and for one who builds."""
        waits = f"waiting for another build in {self.directory}"
        self.assertEqual(self.build_beside("--shared"), [waits, "building"])
        self.said.clear()
        self.assertEqual(self.build_beside("--exclusive"), [waits])
        self.assertEqual((self.directory / "copy").read_text(), "x")


class SocketPathTest(unittest.TestCase):
    def test_deep_folder(self):
        with tempfile.TemporaryDirectory(prefix="cobble-test-") as name:
            for depth in range(95, 112):
                folder = pathlib.Path(name, "x" * max(1, depth - len(name)))
                folder.mkdir(exist_ok=True)
                with machine.socket_path(folder, "gdb") as path, socket.socket(socket.AF_UNIX) as server:
                    server.bind(str(path))
                self.assertTrue(path.parent == folder or not path.parent.exists())

    def test_no_short_folder(self):
        with mock.patch.object(machine, "SHORT_FOLDERS", ["/nowhere"]):
            with self.assertRaises(SetupError) as raised, machine.socket_path(pathlib.Path("/" + "x" * 108), "gdb"):
                pass
        self.assertIn("TMPDIR", str(raised.exception))
