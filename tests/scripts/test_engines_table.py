"""The table of docs/vpc.md: each figure is one of docs/performance.json, and only what is between its marks changes."""
import unittest

from lib import bench, engines_table

FIGURES = {
    "rows": {name: {"instructions": number} for name, number in
             (("user_int", 104), ("page_fault_user_no_page", 151), ("setpd_16", 93))},
    "vpc": {f"mark_{key}{kind}": number
            for key in ("call", "fault", "switch", "pipe", "exec", "fork", "character", "sector")
            for kind, number in (("", 70.0), ("_guest", 50.0), ("_plain", 2000.0))} | {
                f"way_{key}": 330.4 for key in ("empty", "port", "cpuid", "apic_read", "apic_write")},
    "svm": {"empty": 54.0, "port": 443.6, "cpuid": 1448.1, "apic_read": 0.9, "apic_write": 4455.6,
            "mark_sector": 57679.4,
            **{f"mark_{key}": 1.5 for key in ("call", "fault", "switch", "pipe", "exec", "fork", "character")}},
}


class EnginesTable(unittest.TestCase):
    def test_figures(self):
        table = engines_table.table(FIGURES)
        self.assertIn("| a system call and back | 2,000 | 104 | 3,500 | 3,000 |\n", table)
        self.assertIn("| a fork | 2,000 | - | 3,500 | 3,000 |\n", table)
        self.assertIn("| a sector read | 2,000 | - | 3,500 | 57,679 |\n", table)
        self.assertIn("| CPUID | - | - | 330 | 1,448 |\n", table)

    def test_only_between_the_marks(self):
        page = f"a\n{engines_table.BEGIN}old\n{engines_table.END}b\n"
        wanted = f"a\n{engines_table.BEGIN}{engines_table.table(FIGURES)}{engines_table.END}b\n"
        self.assertEqual(engines_table.update(page, FIGURES), wanted)
        self.assertEqual(engines_table.update(wanted, FIGURES), wanted)

    def test_the_page_has_its_marks(self):
        page = engines_table.PAGE.read_text(encoding="utf-8")
        self.assertIn("| a system call and back |", engines_table.update(page, bench.read_committed()))
