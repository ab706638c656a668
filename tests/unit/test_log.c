/*
 * test_log.c - the log ring: levels, order, cutting, overflow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"

static int empty_log(void **state)
{
    char line[8];

    (void)state;
    while (log_take(line, sizeof(line)) >= 0) {
    }
    log_set_level(LOG_INFO);
    return 0;
}

static void expect_line(enum log_level level, const char *text)
{
    char line[300];

    assert_int_equal(log_take(line, sizeof(line)), level);
    assert_string_equal(line, text);
}

static void test_levels_and_order(void **state)
{
    char line[100];

    (void)state;
    log_error("no %s", "disk");
    log_warn("w");
    log_info("%d guests", 3);
    log_debug("not wanted");
    log_set_level(LOG_DEBUG);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    log_debug("wanted");
    log_set_level(LOG_ERROR);
    log_warn("not wanted");
    expect_line(LOG_ERROR, "no disk");
    expect_line(LOG_WARN, "w");
    expect_line(LOG_INFO, "3 guests");
    expect_line(LOG_DEBUG, "wanted");
    assert_int_equal(log_take(line, sizeof(line)), -1);
}

static void test_level_names(void **state)
{
    (void)state;
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
        assert_int_equal(log_level_parse(log_level_name((enum log_level)level)), level);
    assert_string_equal(log_level_name(LOG_WARN), "warn");
    assert_int_equal(log_level_parse("verbose"), -1);
    assert_int_equal(log_level_parse(""), -1);
}

static void test_cutting(void **state)
{
    char line[8] = "#######";

    (void)state;
    log_info("0123456789");
    log_info("next");
    assert_int_equal(log_take(line, 0), LOG_INFO);
    assert_string_equal(line, "#######");
    assert_int_equal(log_take(line, 4), LOG_INFO);
    assert_string_equal(line, "nex");

    char long_text[500], taken[500];
    memset(long_text, 'x', sizeof(long_text));
    long_text[499] = '\0';
    log_info("%s", long_text);
    assert_int_equal(log_take(taken, sizeof(taken)), LOG_INFO);
    assert_int_equal(strlen(taken), 240);
    assert_memory_equal(taken, long_text, 240);
}

static void test_one_line_stays_one_line(void **state)
{
    (void)state;
    log_info("%s", "a\nok 1 - forged\r\x1b[2J\x7f");
    expect_line(LOG_INFO, "a?ok 1 - forged??[2J?");
}

/* Many more lines than fit: the newest survive in order, and the number of dropped ones is told. */
static void test_overflow(void **state)
{
    char line[300];
    int number = 0, expected;

    (void)state;
    for (int i = 0; i < 5000; i++)
        log_info("line %d %.*s", i, i % 64, "................................................................");
    assert_int_equal(log_take(line, sizeof(line)), LOG_WARN);
    assert_int_equal(sscanf(line, "%d older log lines were dropped", &number), 1);
    assert_in_range(number, 4000, 4970);
    for (expected = number; log_take(line, sizeof(line)) >= 0; expected++) {
        assert_int_equal(sscanf(line, "line %d", &number), 1);
        assert_int_equal(number, expected);
    }
    assert_int_equal(expected, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_levels_and_order, empty_log),
        cmocka_unit_test_setup(test_level_names, empty_log),
        cmocka_unit_test_setup(test_cutting, empty_log),
        cmocka_unit_test_setup(test_one_line_stays_one_line, empty_log),
        cmocka_unit_test_setup(test_overflow, empty_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
