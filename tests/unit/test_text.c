/*
 * test_text.c - base/text: comparing, copying and reading what people type.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void test_equal_nocase(void **state)
{
    (void)state;
    assert_true(text_equal_nocase("", ""));
    assert_true(text_equal_nocase("MyKernel.ELF", "mykernel.elf"));
    assert_false(text_equal_nocase("kernel", "kernel2"));
    assert_false(text_equal_nocase("kernel2", "kernel"));
    assert_false(text_equal_nocase("@", "`"));      /* 0x20 apart, but no letters */
    assert_false(text_equal_nocase("[", "{"));
    assert_false(text_equal_nocase("\xC4", "\xE4"));
}

/* What the pattern means, word for word. */
static bool model_matches(const char *text, const char *pattern)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return model_matches(text, pattern + 1) || (*text != '\0' && model_matches(text + 1, pattern));
    return *text != '\0' && (*pattern == '?' || text_equal_nocase((char[]){ *text, 0 }, (char[]){ *pattern, 0 })) &&
           model_matches(text + 1, pattern + 1);
}

/* The n-th text of these characters, the empty one being the first. */
static void make_text(char *text, unsigned n, const char *characters)
{
    for (unsigned base = (unsigned)strlen(characters); n > 0; n = (n - 1) / base)
        *text++ = characters[(n - 1) % base];
    *text = '\0';
}

/* All texts of up to six of two letters, all patterns of up to five characters. */
static void test_matches(void **state)
{
    char text[16], pattern[16];

    (void)state;
    for (unsigned i = 0; i < 127; i++) {
        make_text(text, i, "aB");
        for (unsigned j = 0; j < 1365; j++) {
            make_text(pattern, j, "Ab*?");
            if (text_matches(text, pattern) != model_matches(text, pattern))
                fail_msg("'%s' and '%s'", text, pattern);
        }
    }
    assert_true(text_matches("paging_random", "PAGING*"));
    assert_true(text_matches("", ""));
}

static void test_copy(void **state)
{
    char room[4] = "xyz";

    (void)state;
    assert_false(text_copy(room, 0, "a"));
    assert_string_equal(room, "xyz");
    assert_true(text_copy(room, sizeof(room), "abc"));
    assert_string_equal(room, "abc");
    assert_false(text_copy(room, sizeof(room), "defg"));
    assert_string_equal(room, "def");
    assert_true(text_copy(room, 1, ""));
    assert_string_equal(room, "");
    assert_false(text_copy(room, 1, "a"));
    assert_string_equal(room, "");
}

static void check_number(const char *text, uint64_t expected, const char *rest)
{
    uint64_t value = 0;
    const char *end = text_parse_u64(text, &value);

    assert_non_null(end);
    assert_true(value == expected);
    assert_string_equal(end, rest);
}

static void test_numbers(void **state)
{
    (void)state;
    check_number("0", 0, "");
    check_number("77", 77, "");
    check_number("32M", 32, "M");
    check_number("007x", 7, "x");
    check_number("0xDEADc0de ", 0xDEADC0DE, " ");
    check_number("0X1f", 0x1F, "");
    check_number("9a", 9, "a");
    check_number("18446744073709551615", UINT64_MAX, "");
    check_number("0xFFFFFFFFFFFFFFFF", UINT64_MAX, "");
    check_number("0x00000000000000000001", 1, "");
}

static void test_no_numbers(void **state)
{
    static const char *const refused[] = { "", "-1", "+1", " 1", "x", "0x", "0xg", "18446744073709551616",
                                           "18446744073709551620", "99999999999999999999999", "0x10000000000000000" };
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        uint64_t value = 42;
        assert_null(text_parse_u64(refused[i], &value));
        assert_true(value == 42);
    }
}

static void check_lines(const char *text, size_t columns, const char *lines)
{
    char wrapped[64];
    size_t used = 0;

    for (const char *next; text != NULL; text = next) {
        size_t length = text_wrap(text, columns, &next);
        assert_true(length <= columns);
        memcpy(wrapped + used, text, length);
        used += length;
        wrapped[used++] = '|';
    }
    wrapped[used] = '\0';
    assert_string_equal(wrapped, lines);
}

static void test_wrap(void **state)
{
    (void)state;
    check_lines("", 5, "|");
    check_lines("12345", 5, "12345|");
    check_lines("12345 7", 5, "12345|7|");
    check_lines("1 345 789 ab", 5, "1 345|789|ab|");
    check_lines("1234567", 5, "12345|67|");
    check_lines("1 34567890", 5, "1|34567|890|");
    check_lines("a\nb c\n", 5, "a|b c||");
    check_lines("12345\n678 012", 5, "12345|678|012|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_nocase),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_no_numbers),
        cmocka_unit_test(test_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
