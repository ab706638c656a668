"""What tests of the run loop share: scripts/run without its build, and a QEMU that is played."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
FIRMWARE_NOISE = "\x1b[2J\x1b[01;01HBdsDxe: loading\r\n"
START = "\nTAP version 13\r\n1..1\r\n# Cobble 0.1.0\r\n"
OK = "ok 1 - hello # exit 0 in 3 ms\r\n"
NOT_OK = "not ok 1 - hello\r\n  ---\r\n  got: exit 1\r\n  ...\r\n"
LEAK = "# leaked frames: {}\r\n"
DONE_OK = "# cobble: done ok=1 not_ok=0 crashed=0 time_ms=4\r\n"
DONE_NOT_OK = "# cobble: done ok=0 not_ok=1 crashed=0 time_ms=4\r\n"
GOOD = FIRMWARE_NOISE + START + OK + LEAK.format(0) + DONE_OK


class FakeRun(unittest.TestCase):
    """A test of scripts/run with fake_qemu.py in its PATH."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cobble-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(HERE / "fake_qemu.py", self.folder / "qemu-system-x86_64")

    def start(self, scenario, *arguments, headless=True, **more):
        """more: variables of the environment in capitals, all else is for Popen."""
        command = [sys.executable, "-B", str(HERE / "run_fake.py"), "--autorun", "hello"]
        environment = {name: more.pop(name) for name in list(more) if name.isupper()}
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen([*command, *["--headless"] * headless, *arguments], text=True, **streams,
                                env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}",
                                     "PID_FILE": str(self.folder / "pid"), "SCENARIO": repr(scenario), **environment})

    def run_scenario(self, scenario, *arguments, **options):
        process = self.start(scenario, *arguments, **options)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def assert_qemu_is_gone(self):
        state = pathlib.Path("/proc", (self.folder / "pid").read_text(), "stat")
        # A zombie that nobody waits for has ended, too.
        self.assertTrue(not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z")
