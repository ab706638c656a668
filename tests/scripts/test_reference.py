"""Reports of the two builds: what a tick did by chance is looked at again, what the builds do differently is told."""
import types
import unittest
from unittest import mock

import machines
import reference_tests


def batches(**reports):
    """What boot_batches would return, had each guest reported its line."""
    out = "\n".join(f"# {name}! {line}" for name, line in reports.items())
    return [([], types.SimpleNamespace(out=out), "")]


class Reports(unittest.TestCase):
    def setUp(self):
        self.shipped = reference_tests.report_lines(batches(same="a", ticked="a tick", real="one"))
        self.reference = reference_tests.report_lines(batches(same="a", ticked="none", real="other"))

    def test_what_differs_is_looked_at_again_and_nothing_else(self):
        asked = []

        def boot(_machine, _memory, directory, names):
            asked.append((directory, names))
            return batches(ticked="none", real="other" if directory == reference_tests.DIRECTORY else "one")

        with mock.patch.object(machines, "boot_batches", boot):
            reference_tests.look_again(self.shipped, self.reference)
        self.assertEqual([names for _, names in asked], [{"ticked", "real"}] * 2)
        self.assertEqual(len({directory for directory, _ in asked}), 2)
        results = reference_tests.compare_reports(self.shipped, self.reference)
        self.assertEqual({result.name.rpartition(".")[2]: result.passed for result in results},
                         {"same": True, "ticked": True, "real": False})

    def test_where_nothing_differs_nothing_is_booted(self):
        with mock.patch.object(machines, "boot_batches", side_effect=AssertionError):
            reference_tests.look_again(self.shipped, dict(self.shipped))


if __name__ == "__main__":
    unittest.main()
