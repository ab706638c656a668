"""soak.py: a boot that the emulator itself gave up is begun again, and no other."""
import sys
import unittest
from unittest import mock

from lib import build

sys.path.append(str(build.ROOT / "tests" / "system"))
import harness     # pylint: disable=import-error,wrong-import-position
import soak        # pylint: disable=import-error,wrong-import-position

ABORTED = harness.Boot(3, "", "../../tcg/tcg.c:3243: tcg fatal error\n")
PANICKED = harness.Boot(3, "Bail out! panic: CHECK failed\n", "")
GOOD = harness.Boot(0, "# leaked frames: 0\n", "")


class BootUntilToldTest(unittest.TestCase):
    """What comes of a row of boots."""

    def boots(self, *row):
        with mock.patch.object(soak, "run", side_effect=row) as run:
            result = soak.boot_until_told([], 128)
        self.assertEqual(run.call_count, len(row))
        return result

    def test_good_boot_is_not_repeated(self):
        self.assertEqual(self.boots(GOOD), (GOOD, 0))

    def test_panic_is_not_repeated(self):
        self.assertEqual(self.boots(PANICKED), (PANICKED, 0))

    def test_abort_is_repeated(self):
        self.assertEqual(self.boots(ABORTED, ABORTED, GOOD), (GOOD, 2))
        self.assertEqual(self.boots(ABORTED, PANICKED), (PANICKED, 1))

    def test_three_aborts_are_a_failure(self):
        boot, aborts = self.boots(ABORTED, ABORTED, ABORTED)
        self.assertEqual((boot, aborts), (ABORTED, soak.BOOTS))
        self.assertTrue(list(soak.judge(boot, 1, 1)))


if __name__ == "__main__":
    unittest.main()
