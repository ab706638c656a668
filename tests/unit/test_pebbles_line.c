/*
 * test_pebbles_line.c - line editing in Pebbles: examples, limits, and a random walk in which a screen that follows the
 * echoes must always show what the line holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pebbles/kernel/line.h"

static struct line line;
static char screen[PEBBLES_LINE_MAX + 1];
static uint32_t shown;

static void type(char key)
{
    struct line_echo echo = line_key(&line, key);

    assert_true(echo.erase <= shown);
    shown -= echo.erase;
    if (echo.character != '\0') {
        assert_true(shown < PEBBLES_LINE_MAX);
        screen[shown++] = echo.character;
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&line, 0, sizeof(line));
    shown = 0;
    return 0;
}

static void type_and_expect(const char *keys, const char *expected)
{
    char taken[PEBBLES_LINE_MAX];

    shown = 0;
    while (*keys != '\0')
        type(*keys++);
    assert_true(line.complete);
    assert_int_equal(line_take(&line, taken, sizeof(taken)), strlen(expected));
    assert_memory_equal(taken, expected, strlen(expected));
    assert_false(line.complete);
}

static void test_examples(void **state)
{
    (void)state;
    type_and_expect("ls\n", "ls\n");
    type_and_expect("\n", "\n");
    type_and_expect("\b\bab\bc\r", "ac\n");
    type_and_expect("rubbish\025good\n", "good\n");
    type_and_expect("t\tab\033\201\177~ \n", "tab~ \n");
}

static void test_pieces(void **state)
{
    char taken[3];

    (void)state;
    for (const char *keys = "abcde\n"; *keys != '\0'; keys++)
        type(*keys);
    assert_int_equal(line_take(&line, taken, 3), 3);
    assert_memory_equal(taken, "abc", 3);
    assert_int_equal(line_take(&line, taken, 0), 0);
    assert_int_equal(line_take(&line, taken, 2), 2);
    assert_memory_equal(taken, "de", 2);
    assert_int_equal(line_take(&line, taken, 3), 1);
    assert_int_equal(taken[0], '\n');
    assert_int_equal(line_take(&line, taken, 3), 0);
}

static void test_full(void **state)
{
    static char taken[PEBBLES_LINE_MAX + 1];

    (void)state;
    for (uint32_t i = 0; i < PEBBLES_LINE_MAX + 50; i++)
        type('x');
    assert_int_equal(shown, PEBBLES_LINE_MAX - 1);
    type('\b');
    type('y');
    type('z');
    type('\n');
    assert_int_equal(line_take(&line, taken, sizeof(taken)), PEBBLES_LINE_MAX);
    assert_string_equal(taken + PEBBLES_LINE_MAX - 3, "xy\n");
}

static void test_walk(void **state)
{
    uint32_t random = 1;
    char taken[7];

    (void)state;
    for (uint32_t i = 0; i < 300000; i++) {
        random = random * 1664525u + 1013904223u;
        uint32_t key = random >> 24, erase = random >> 16 & 7;
        type(key == '\n' && erase != 0 ? 'n' : erase == 1 ? '\b' : (char)key);
        assert_int_equal(shown, line.length);
        assert_memory_equal(screen, line.text, shown);
        if (line.complete) {
            while (line_take(&line, taken, sizeof(taken)) > 0)
                continue;
            shown = 0;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_examples, setup),
        cmocka_unit_test_setup(test_pieces, setup),
        cmocka_unit_test_setup(test_full, setup),
        cmocka_unit_test_setup(test_walk, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
