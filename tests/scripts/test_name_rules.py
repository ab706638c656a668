"""Functions, static variables and files of hv that are there twice are found, whatever stands between the lines."""
import unittest

from lib import name_rules

CODE = """
static struct guest *loaded;
static uint8_t stacks[3][8192] __attribute__((aligned(16)));
static const char letters[] = "abc";
struct turn tick_turn;
extern int far_away;
static int only_declared(void);
int go(int a,
       int b)
{
    static int inside;
    return call(a);
}

static __attribute__((noinline)) enum gfault fill(struct gspace *space)
{
}

MUST_CHECK static inline bool push(void)
{
}
"""


class NamesTest(unittest.TestCase):
    def test_what_is_found(self):
        self.assertEqual(name_rules.find_names(CODE), {"loaded", "stacks", "letters", "go", "fill", "push"})

    def test_twice(self):
        problems = list(name_rules.judge_names({"hv/a.c": {"fill", "go"}, "hv/b.c": {"fill"}}, set()))
        self.assertEqual(problems, ["hv/a.c: fill is in hv/b.c, too"])

    def test_list_gets_shorter(self):
        self.assertEqual(list(name_rules.judge_names({"hv/a.c": {"f"}, "hv/b.c": {"f"}}, {"f"})), [])
        self.assertIn("f is there once now", next(name_rules.judge_names({"hv/a.c": {"f"}}, {"f"})))


if __name__ == "__main__":
    unittest.main()
