/*
 * test_vpc_clock.c - the clock of a virtual PC with whatever a guest writes to it: it tells a date, and time goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "small_pc.h"

#define WRITES 200000u
enum { SECOND, MINUTE = 2, HOUR = 4, WEEKDAY = 6, DAY, MONTH, YEAR, FORMAT = 0x0B, CENTURY = 0x32 };

static void set(uint8_t number, uint8_t value)
{
    out(0x70, number);
    out(0x71, value);
}

static uint8_t get(uint8_t number)
{
    out(0x70, number);
    return in(0x71);
}

/* Binary, 24 hours. */
static void set_date(uint8_t year, uint8_t month, uint8_t day)
{
    set(FORMAT, 0x06);
    set(CENTURY, 20);
    set(DAY, 1);                        /* which each month has */
    set(YEAR, year);
    set(MONTH, month);
    set(DAY, day);
}

static void assert_date(unsigned century, unsigned year, unsigned month, unsigned day)
{
    assert_int_equal(get(CENTURY), century);
    assert_int_equal(get(YEAR), year);
    assert_int_equal(get(MONTH), month);
    assert_int_equal(get(DAY), day);
}

/* Day 0 is the day before the first, in whatever month. */
static void test_day_0(void **state)
{
    static const uint8_t last[12] = { 31, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30 };

    (void)state;
    for (uint8_t month = 1; month <= 12; month++) {
        set_date(26, month, 15);
        set(DAY, 0);
        assert_date(20, month == 1 ? 25 : 26, month == 1 ? 12 : month - 1, last[month - 1]);
    }
    set_date(28, 3, 15);
    set(DAY, 0);
    assert_date(20, 28, 2, 29);
    set_date(26, 2, 1);
    set(DAY, 31);
    assert_date(20, 26, 3, 3);
}

/* Years have four digits, and begin with 1970. */
static void test_ends(void **state)
{
    (void)state;
    set_date(99, 12, 31);
    set(CENTURY, 99);
    assert_date(99, 99, 12, 31);
    set(HOUR, 255);                     /* ten days on */
    set(DAY, 32);
    set(YEAR, 255);
    set(CENTURY, 100);
    set(CENTURY, 255);
    assert_date(99, 99, 12, 31);
    set(CENTURY, 19);
    set(YEAR, 69);
    assert_date(19, 99, 12, 31);
    set(DAY, 1);
    set(MONTH, 1);
    set(YEAR, 70);
    set(DAY, 0);
    assert_date(19, 70, 1, 1);
    set(MONTH, 0);
    set(MONTH, 13);
    assert_date(19, 70, 1, 1);
}

static void assert_is_date(void)
{
    set(FORMAT, 0x06);
    assert_true(get(SECOND) < 60 && get(MINUTE) < 60 && get(HOUR) < 24);
    assert_in_range(get(WEEKDAY), 1, 7);
    assert_in_range(get(DAY), 1, 31);
    assert_in_range(get(MONTH), 1, 12);
    assert_true(get(YEAR) < 100);
    assert_in_range(get(CENTURY), 19, 105);     /* 584 years of its own are all that its time counts */
}

/* Any bytes, in any format, while time passes. */
static void test_any_contents(void **state)
{
    static const uint8_t fields[] = { SECOND, MINUTE, HOUR, WEEKDAY, DAY, MONTH, YEAR, CENTURY };
    static const uint8_t values[] = { 0, 1, 12, 31, 0x80, 0x99, 0xFF };

    (void)state;
    random_state = 1;
    for (unsigned i = 0; i < WRITES; i++) {
        uint8_t field = fields[random_below(sizeof(fields))];
        set(FORMAT, (uint8_t)random_u32());
        set(field, random_below(2) ? values[random_below(sizeof(values))] : (uint8_t)random_u32());
        if (random_below(16) == 0)
            now_ns += random_u32();
        assert_is_date();
    }
    now_ns = UINT64_MAX - 1000 * MS;
    assert_is_date();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, small_pc_start, small_pc_stop)
    const struct CMUnitTest tests[] = { TEST(test_day_0), TEST(test_ends), TEST(test_any_contents) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
