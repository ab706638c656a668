"""The run loop with a QEMU that is played: verdicts, time-outs, signals, pictures and dumps."""
import signal
import time
import unittest

from fake_run import DONE_NOT_OK, DONE_OK, FIRMWARE_NOISE, GOOD, LEAK, NOT_OK, OK, START, FakeRun


class SessionTest(FakeRun):
    def test_good(self):
        status, out, err = self.run_scenario([("say", GOOD), ("exit", 33)])
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(out.startswith("TAP version 13\n1..1\n"))
        self.assertTrue(out.endswith("time_ms=4\n"))
        self.assertNotIn("\r", out)

    def test_not_ok(self):
        stream = START + NOT_OK + LEAK.format(0) + DONE_NOT_OK
        status, out, _ = self.run_scenario([("say", stream), ("exit", 35)])
        self.assertEqual(status, 1)
        self.assertIn("  got: exit 1\n", out)

    def test_leak_fails(self):
        self.assertEqual(self.run_scenario([("say", START + OK + LEAK.format(3) + DONE_OK), ("exit", 35)])[0], 1)

    def test_process_status_must_agree(self):
        for qemu_status in (0, 1, 35):
            status, _, err = self.run_scenario([("say", GOOD), ("exit", qemu_status)])
            self.assertEqual(status, 3)
            self.assertIn(f"QEMU ended with {qemu_status}", err)

    def test_early_end(self):
        status, out, _ = self.run_scenario([("say", START + OK + "# lea"), ("exit", 0)])
        self.assertEqual(status, 3)
        self.assertTrue(out.endswith("in 3 ms\nBail out! the machine ended early\n"))

    def test_panic_that_stands(self):
        status, out, _ = self.run_scenario([("say", START + "# a\nBail out! panic\n"), ("hang",)])
        self.assertEqual(status, 3)
        self.assertTrue(out.endswith("# a\nBail out! panic\n"))
        self.assert_qemu_is_gone()

    def test_timeout(self):
        status, out, err = self.run_scenario([("say", START + "# hello| half a li"), ("hang",)], "--timeout", "0.5")
        self.assertEqual(status, 124)
        self.assertTrue(out.endswith("# Cobble 0.1.0\nBail out! timeout\n"))
        self.assertIn("0.5 s", err)
        self.assert_qemu_is_gone()

    def test_timeout_in_a_block(self):
        out = self.run_scenario([("say", START + "not ok 1 - hello\n  ---\n  got: x\n"), ("hang",)],
                                "--timeout", "0.5")[1]
        self.assertTrue(out.endswith("  got: x\n  ...\nBail out! timeout\n"))

    def test_timeout_before_the_stream(self):
        status, out, _ = self.run_scenario([("say", FIRMWARE_NOISE), ("hang",)], "--timeout", "0.5")
        self.assertEqual((status, out), (124, "TAP version 13\nBail out! timeout\n"))

    def test_timeout_writes_picture_and_dump(self):
        picture, dump = self.folder / "a.png", self.folder / "dump"
        self.run_scenario([("hang",)], "--timeout", "0.5", "--screenshot", str(picture), "--dump-console", str(dump))
        self.assertEqual(picture.read_text(), "picture")
        self.assertTrue(dump.read_text().startswith("== 1 hello"))

    def test_last_words(self):
        status, out, err = self.run_scenario([("say", START), ("hang",)], "--timeout", "0.5")
        self.assertEqual((status, out.count("Bail out!")), (124, 1))
        self.assertIn("\ntime-out: this is where the machine was, by the NMI button that scripts/run pressed\nrax 0\n",
                      err)
        self.assertNotIn("hardware", err)

    def test_last_words_of_another_panic(self):
        err = self.run_scenario([("say", START), ("hang",)], "--timeout", "0.5",
                                LAST_WORDS="Bail out! panic: #DF\nrax 0\n")[2]
        self.assertIn("\nBail out! panic: #DF\nrax 0\n", err)

    def test_stubborn_qemu(self):
        status = self.run_scenario([("hang",)], "--timeout", "0.5", STUBBORN="1")[0]
        self.assertEqual(status, 124)
        self.assert_qemu_is_gone()

    def test_screenshot_after_power_off(self):
        picture = self.folder / "a.png"
        status, _, err = self.run_scenario([("say", GOOD), ("event", "SHUTDOWN")], "--screenshot", str(picture))
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(picture.read_text(), "picture")

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start([("say", START), ("hang",)])
            while b"# Cobble" not in process.stdout.buffer.raw.read(4096):
                pass
            process.send_signal(number)
            out, _ = process.communicate(timeout=10)
            self.assertEqual(process.returncode, 128 + number)
            self.assertIn("Bail out! SIG", out)
            self.assert_qemu_is_gone()

    def test_killed_script_takes_qemu_along(self):
        process = self.start([("say", START), ("hang",)])
        while b"# Cobble" not in process.stdout.buffer.raw.read(4096):
            pass
        process.kill()
        process.communicate(timeout=10)
        time.sleep(0.3)
        self.assert_qemu_is_gone()

    def test_terminal(self):
        status, out, _ = self.run_scenario([("say", "cobble> "), ("exit", 0)], headless=False)
        self.assertEqual((status, out), (0, "cobble> "))

    def test_terminal_timeout_shows_no_panic(self):
        dump = self.folder / "dump"
        for more in ([], ["--dump-console", str(dump)]):
            status, out, err = self.run_scenario([("say", "cobble> "), ("hang",)], "--timeout", "0.5", *more,
                                                 headless=False)
            self.assertEqual((status, out), (124, "cobble> "))
            self.assertIn("0.5 s", err)
        self.assertTrue(dump.read_text().startswith("== 1 hello"))

    def test_terminal_screenshot(self):
        picture = self.folder / "a.png"
        status = self.run_scenario([("say", GOOD), ("hang",)], "--screenshot", str(picture), "--timeout", "2",
                                   headless=False)[0]
        self.assertEqual(status, 124)
        self.assertEqual(picture.read_text(), "picture")


if __name__ == "__main__":
    unittest.main()
