"""Output that cannot be written, and a terminal that is gone: never a status that says something of the tests."""
import os
import pty
import subprocess
import time
import unittest

from fake_run import DONE_NOT_OK, FIRMWARE_NOISE, GOOD, LEAK, NOT_OK, START, FakeRun
from lib import report

BAD = FIRMWARE_NOISE + START + NOT_OK + LEAK.format(0) + DONE_NOT_OK
VERDICTS = ((GOOD, 33), (BAD, 35))


class LostOutputTest(FakeRun):
    def run_into(self, stdout, scenario, *arguments, **options):
        process = self.start(scenario, *arguments, stdout=stdout, **options)
        err = process.communicate(timeout=20)[1]
        self.assertNotIn("Traceback", err)
        self.assert_qemu_is_gone()
        return process.returncode, err

    def test_full_stdout(self):
        for text, qemu_status in VERDICTS:
            for headless in (True, False):
                with open("/dev/full", "wb") as full:
                    status, err = self.run_into(full, [("say", text), ("exit", qemu_status)], headless=headless)
                self.assertEqual(status, report.EXIT_BROKEN)
                self.assertEqual(err, "stdout cannot be written: No space left on device\n")

    def test_full_stdout_of_a_stopped_run(self):
        with open("/dev/full", "wb") as full:
            process = self.start([("hang",)], stdout=full)
            while not (self.folder / "pid").exists():
                time.sleep(0.05)
            time.sleep(0.3)
            process.terminate()
            err = process.communicate(timeout=10)[1]
        self.assertEqual((process.returncode, err), (128 + 15, ""))

    def test_closed_stdout(self):
        """Its number must not go to QEMU's machine protocol."""
        scenario = [("say", GOOD), ("exit", 33)]
        process = self.start(scenario, preexec_fn=lambda: os.close(1))
        err = process.communicate(timeout=10)[1]
        self.assertEqual((process.returncode, err), (report.EXIT_BROKEN,
                                                     "stdout cannot be written: Bad file descriptor\n"))

    def test_reader_of_a_silent_machine_goes(self):
        for headless in (True, False):
            reader, writer = os.pipe()
            process = self.start([("hang",)], stdout=writer, headless=headless)
            os.close(writer)
            os.close(reader)
            err = process.communicate(timeout=10)[1]
            self.assertEqual((process.returncode, err), (report.EXIT_BROKEN, "nobody reads stdout any more\n"))
            self.assert_qemu_is_gone()

    def test_dump_that_cannot_be_written(self):
        for text, qemu_status in VERDICTS:
            status, out, err = self.run_scenario([("say", text), ("exit", qemu_status)], "--dump-console", "/dev/full")
            self.assertEqual((status, err),
                             (report.EXIT_BROKEN, "no console dump: [Errno 28] No space left on device\n"))
            self.assertIn("# cobble: done", out)
        status = self.run_scenario([("exit", 0)], "--dump-console", "/dev/full", headless=False)[0]
        self.assertEqual(status, report.EXIT_BROKEN)

    def test_dump_that_is_cut_short(self):
        dump = self.folder / "dump"
        arguments = ["--autorun", "another", "--dump-console", str(dump)]
        status, _, err = self.run_scenario([("say", GOOD), ("exit", 33)], *arguments)
        self.assertEqual(status, report.EXIT_BROKEN)
        self.assertIn("the console dump has 26 lines, not 26 of each autorun", err)

    def test_picture_that_cannot_be_taken(self):
        picture = self.folder / "a.png"
        status, _, err = self.run_scenario([("say", GOOD), ("event", "SHUTDOWN")], "--screenshot", str(picture),
                                           NO_PICTURE="1")
        self.assertEqual((status, err), (report.EXIT_BROKEN, "no screenshot: screendump: no room\n"))
        status, _, err = self.run_scenario([("exit", 0)], "--screenshot", str(picture), headless=False)
        self.assertEqual((status, err), (report.EXIT_BROKEN,
                                         "no screenshot: the machine ended before its time came\n"))

    def test_time_out_stays_a_time_out(self):
        status = self.run_scenario([("say", START), ("hang",)], "--timeout", "0.5", "--dump-console", "/dev/full")[0]
        self.assertEqual(status, report.EXIT_TIMEOUT)

    def test_full_stderr(self):
        with open("/dev/full", "wb") as full:
            process = self.start([("say", BAD), ("exit", 35)], stderr=full)
            process.communicate(timeout=10)
            self.assertEqual(process.returncode, report.EXIT_NOT_OK)

    def test_own_faults_are_no_verdict(self):
        status, _, err = self.run_scenario([("exit", 0)], TMPDIR=str(self.folder), PATH="/nowhere")
        self.assertEqual(status, report.EXIT_BROKEN)
        self.assertIn("scripts/run: broke off by a fault of its own:\nTraceback", err)

    def test_help_on_a_full_stdout(self):
        with open("/dev/full", "wb") as full:
            process = self.start([], "--help", stdout=full, PYTHONUNBUFFERED="")
            err = process.communicate(timeout=10)[1]
        self.assertEqual((process.returncode, err),
                         (report.EXIT_BROKEN, "scripts/run: stdout cannot be written: No space left on device\n"))


class TerminalGoneTest(FakeRun):
    """No SIGHUP comes: the script has a session of its own, and the terminal does not control it."""

    def start_on_terminal(self, **streams):
        self.master, slave = pty.openpty()
        process = self.start([("hang",)], headless=False, start_new_session=True,
                             **{name: slave for name in ("stdin", "stdout") if name not in streams}, **streams)
        os.close(slave)
        while not (self.folder / "pid").exists():
            time.sleep(0.05)
        time.sleep(0.3)
        return process

    def test_all_streams(self):
        process = self.start_on_terminal()
        os.close(self.master)
        err = process.communicate(timeout=10)[1]
        self.assertEqual(process.returncode, 128 + 1)
        self.assertTrue(err.endswith("the terminal is gone\n"))
        self.assert_qemu_is_gone()

    def test_stdin_only(self):
        process = self.start_on_terminal(stdout=subprocess.DEVNULL)
        os.close(self.master)
        process.communicate(timeout=10)
        self.assertEqual(process.returncode, 128 + 1)
        self.assert_qemu_is_gone()

    def test_end_of_a_pipe_is_no_end(self):
        """A script types by a pipe, and reads on when it has closed it."""
        process = self.start([("sleep", 2), ("exit", 0)], headless=False, stdin=subprocess.PIPE)
        process.stdin.close()
        process.stdin = None
        process.communicate(timeout=10)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
