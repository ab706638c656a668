"""The list of packages, and what dpkg says of it."""
import unittest
from unittest import mock

from lib import packages
from lib.report import SetupError


class PackagesTest(unittest.TestCase):
    def test_list_is_sorted(self):
        names = packages.read_list()
        self.assertEqual(names, sorted(set(names)))

    def test_missing(self):
        self.assertEqual(packages.find_missing(["dpkg", "no-such-package-at-all"]), ["no-such-package-at-all"])

    def test_without_root_the_command_is_named(self):
        with mock.patch.object(packages, "read_list", return_value=["no-such-package-at-all"]), \
             mock.patch.object(packages, "find_root_prefix", return_value=None):
            with self.assertRaises(SetupError) as raised:
                packages.ensure()
        self.assertIn("apt-get install -y --no-install-recommends no-such-package-at-all", str(raised.exception))
