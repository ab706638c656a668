"""The page of the contract's numbers: what it makes of a header, and that its offsets are those of a compiler."""
import pathlib
import subprocess
import tempfile
import unittest
from unittest import mock

from lib import abi_page

HEADER = """#define ONE 1   /* a | b */
#define HV_MOST 0x10u

/* Some bits.
 * And more. */
#define HV_BIT 0x1

#define HV_CALLS(X)      \\
    X(0x0, A, a, 0)      \\
    X(0x2F, B, b, 2)

/* What a holds. */
struct a {
    uint32_t one, two;          /* both */
    char name[HV_MOST];
    uint64_t wide;
};
"""
PROTOTYPES = "/* Says hv_a(). */\nuint32_t hv_a(void);\n_Noreturn void hv_b(uint32_t first,\n    char *second);\n"


class PageTest(unittest.TestCase):
    def test_page(self):
        lines = abi_page.make_page(HEADER, PROTOTYPES).splitlines()
        for line in ("| 0x0 | 0 | `uint32_t hv_a(void)` |",
                     "| 0x2F | 2 | `_Noreturn void hv_b(uint32_t first, char *second)` |",
                     "| `ONE` | 1 | a \\| b |", "Some bits. And more.", "| `HV_BIT` | 0x1 |  |",
                     "What a holds. 32 bytes.", "| 4 | `uint32_t two` |  |", "| 8 | `char name[HV_MOST]` |  |",
                     "| 24 | `uint64_t wide` |  |"):
            self.assertIn(line, lines)

    def test_offsets_of_the_contract(self):
        checks = []
        for name, _, fields, size in abi_page.read_structs((abi_page.ROOT / abi_page.HEADER).read_text()):
            checks.append(f"_Static_assert(sizeof(struct {name}) == {size}, \"{name}\");\n")
            for offset, _, declarator, _ in fields:
                field = declarator.partition("[")[0]
                checks.append(f"_Static_assert(__builtin_offsetof(struct {name}, {field}) == {offset}, \"{field}\");\n")
        self.assertGreater(len(checks), 50)
        run = subprocess.run(["clang", "--target=i386-unknown-none-elf", "-ffreestanding", "-fsyntax-only", "-x", "c",
                              "-include", str(abi_page.ROOT / abi_page.HEADER), "-"], input="".join(checks), text=True,
                             capture_output=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_a_page_that_is_not_current(self):
        with tempfile.TemporaryDirectory() as name, mock.patch.object(abi_page, "ROOT", pathlib.Path(name)):
            for path, text in ((abi_page.HEADER, HEADER), (abi_page.PROTOTYPES, PROTOTYPES), (abi_page.PAGE, "old\n")):
                pathlib.Path(name, path).parent.mkdir(parents=True, exist_ok=True)
                pathlib.Path(name, path).write_text(text)
            self.assertEqual(len(list(abi_page.check_page([]))), 1)
            pathlib.Path(name, abi_page.PAGE).write_text(abi_page.current_page())
            self.assertEqual(list(abi_page.check_page([])), [])
