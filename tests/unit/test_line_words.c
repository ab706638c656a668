/*
 * test_line_words.c - monitor/words: blanks, quotes, escapes, and every kind of value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor/line_words.h"

static struct words words;

static const char *split(const char *line)
{
    return words_split(&words, line, strlen(line));
}

static void test_split(void **state)
{
    (void)state;
    assert_null(split(""));
    assert_int_equal(words.count, 0);
    assert_null(split(" \t\r"));
    assert_int_equal(words.count, 0);
    assert_null(split("  run\thello  mem=4M\r"));
    assert_int_equal(words.count, 3);
    assert_string_equal(words.word[0], "run");
    assert_string_equal(words.word[1], "hello");
    assert_string_equal(words.word[2], "mem=4M");
    assert_null(split("a # b"));
    assert_int_equal(words.count, 1);
    assert_null(split("a#b \"# c\""));
    assert_string_equal(words.word[0], "a#b");
    assert_string_equal(words.word[1], "# c");
    assert_null(split("x=\"\" \\guests\\n.elf"));
    assert_string_equal(words.word[0], "x=");
    assert_string_equal(words.word[1], "\\guests\\n.elf");
}

static void test_escapes(void **state)
{
    (void)state;
    assert_null(split("t=\"\\n\\t\\r\\b\\a\\e\\f\\v\\\\\\\"\\'\\?\\101\\x41\\x4g\""));
    assert_string_equal(words.word[0], "t=\n\t\r\b\a\x1B\f\v\\\"'?AA\x04g");
    assert_null(split("\"a\\0b\\377\""));
    assert_int_equal(words.length[0], 4);
    assert_memory_equal(words.word[0], "a\0b\xFF", 5);
    assert_non_null(split("\"\\q\""));
    assert_non_null(split("\"\\x\""));
    assert_non_null(split("\"\\400\""));
    assert_non_null(split("\"open"));
    assert_non_null(split("\"open\\"));
    assert_non_null(split("\"open\\\""));
    assert_non_null(words_split(&words, "\"\\\0\"", 4));
}

static void test_limits(void **state)
{
    static char line[WORDS_BYTES + 2];

    (void)state;
    memset(line, 'x', sizeof(line));
    assert_null(words_split(&words, line, WORDS_BYTES));
    assert_int_equal(words.length[0], WORDS_BYTES);
    memcpy(line, "autorun name ", 13);
    assert_non_null(words_split(&words, line, WORDS_BYTES + 1));
    assert_string_equal(words.word[1], "name");
    for (unsigned i = 0; i < 2 * WORDS_MAX; i++)
        line[i] = i % 2 == 0 ? 'w' : ' ';
    assert_null(words_split(&words, line, 2 * WORDS_MAX));
    assert_int_equal(words.count, WORDS_MAX);
    line[2 * WORDS_MAX] = 'w';
    assert_non_null(words_split(&words, line, 2 * WORDS_MAX + 1));
    assert_int_equal(words.count, WORDS_MAX);
}

/* Random bytes from an alphabet of trouble: no fault under the sanitizers, and every word ends where it says. */
static void test_split_random(void **state)
{
    static const char alphabet[] = "\"\\ #\t\r\nxn04aT=";
    char line[64];

    (void)state;
    srand(7);
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)rand() % sizeof(line);
        for (size_t i = 0; i < length; i++)
            line[i] = alphabet[(size_t)rand() % sizeof(alphabet)];
        char *exact = malloc(length + 1);
        memcpy(exact, line, length);
        (void)words_split(&words, exact, length);
        for (unsigned i = 0; i < words.count; i++)
            assert_int_equal(words.word[i][words.length[i]], '\0');
        free(exact);
    }
}

static void test_size(void **state)
{
    uint64_t bytes = 0;

    (void)state;
    assert_null(words_parse_size("24", 1 << 20, &bytes));
    assert_int_equal(bytes, 24 << 20);
    assert_null(words_parse_size("0x10k", 1, &bytes));
    assert_int_equal(bytes, 16 << 10);
    assert_null(words_parse_size("3g", 1, &bytes));
    assert_int_equal(bytes, 3ull << 30);
    assert_non_null(words_parse_size("", 1, &bytes));
    assert_non_null(words_parse_size("K", 1, &bytes));
    assert_non_null(words_parse_size("1T", 1, &bytes));
    assert_non_null(words_parse_size("1KB", 1, &bytes));
    assert_non_null(words_parse_size("-1", 1, &bytes));
    assert_non_null(words_parse_size("99999999999999999G", 1, &bytes));
}

static void test_memory(void **state)
{
    uint32_t bytes = 0;

    (void)state;
    assert_null(words_parse_memory("24", &bytes));
    assert_int_equal(bytes, 24 << 20);
    assert_null(words_parse_memory("4K", &bytes));
    assert_int_equal(bytes, 4096);
    assert_null(words_parse_memory("4080M", &bytes));
    assert_int_equal(bytes, 0xFF000000u);
    assert_non_null(words_parse_memory("0", &bytes));
    assert_non_null(words_parse_memory("5K", &bytes));
    assert_non_null(words_parse_memory("4081M", &bytes));
    assert_non_null(words_parse_memory("lots", &bytes));
}

static void test_time(void **state)
{
    uint64_t milliseconds = 0;

    (void)state;
    assert_null(words_parse_time("10s", &milliseconds));
    assert_int_equal(milliseconds, 10000);
    assert_null(words_parse_time("10", &milliseconds));
    assert_int_equal(milliseconds, 10000);
    assert_null(words_parse_time("250ms", &milliseconds));
    assert_int_equal(milliseconds, 250);
    assert_null(words_parse_time("2m", &milliseconds));
    assert_int_equal(milliseconds, 120000);
    assert_non_null(words_parse_time("0", &milliseconds));
    assert_non_null(words_parse_time("", &milliseconds));
    assert_non_null(words_parse_time("10x", &milliseconds));
    assert_non_null(words_parse_time("1.5s", &milliseconds));
    assert_non_null(words_parse_time("1000001s", &milliseconds));
    assert_non_null(words_parse_time("99999999999999999999", &milliseconds));
}

static void test_status(void **state)
{
    uint32_t status = 0;

    (void)state;
    assert_null(words_parse_status("77", &status));
    assert_int_equal(status, 77);
    assert_null(words_parse_status("-10", &status));
    assert_int_equal(status, 0xFFFFFFF6u);
    assert_null(words_parse_status("0xdeadC0DE", &status));
    assert_int_equal(status, 0xDEADC0DEu);
    assert_null(words_parse_status("-2147483648", &status));
    assert_int_equal(status, 0x80000000u);
    assert_non_null(words_parse_status("-2147483649", &status));
    assert_non_null(words_parse_status("4294967296", &status));
    assert_non_null(words_parse_status("", &status));
    assert_non_null(words_parse_status("-", &status));
    assert_non_null(words_parse_status("crashed", &status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),        cmocka_unit_test(test_escapes), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_split_random), cmocka_unit_test(test_size),    cmocka_unit_test(test_memory),
        cmocka_unit_test(test_time),         cmocka_unit_test(test_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
