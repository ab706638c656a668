/*
 * test_console.c - what is on the screen, and how far back: console.c between devices on paper.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_consoles.h"
#include "pebpeb.h"

static void expect_top(unsigned number)
{
    char text[VCON_COLS + 1], wanted[VCON_COLS + 1];
    snprintf(wanted, sizeof(wanted), "%-80u", number);
    for (unsigned i = 0; i < VCON_COLS; i++)
        text[i] = (char)shown[0][i];
    text[VCON_COLS] = '\0';
    assert_string_equal(text, wanted);
}

static void shift_and_page_keys_scroll_the_monitor(void **state)
{
    (void)state;
    expect_top(76);
    SCANCODES(0x2A, 0xE0, 0x49, 0xE0, 0xC9);
    expect_top(64);
    assert_int_equal(shown_cursor_row, VCON_ROWS);
    assert_non_null(strstr(status, "12 of 76 rows back"));
    SCANCODES(0xE0, 0x49, 0xE0, 0x49, 0xE0, 0xC9, 0xAA);
    expect_top(40);
    type("\x1b[6;2~", 0);
    expect_top(52);
    for (unsigned i = 0; i < 10; i++)
        type("\x1b[5;2~", 0);
    expect_top(0);
    for (unsigned i = 0; i < 10; i++)
        type("\x1b[6;2~", 0);
    expect_top(76);
    assert_int_equal(shown_cursor_row, VCON_ROWS - 1);
    assert_null(strstr(status, "back"));
    for (unsigned i = 0; i < monitor_count; i++)        /* it saw nothing but Shift */
        assert_int_equal((monitor_words[i] & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT, HV_KEYCODE_LSHIFT);
}

static void any_other_key_returns_and_counts(void **state)
{
    (void)state;
    type("\x1b[5;2~", 0);
    expect_top(64);
    monitor_count = 0;
    type("a", 0);
    expect_top(76);
    assert_int_equal(monitor_count, 2);
    type("\x1b[5;2~", 0);
    type("\x1b[5~", 0);          /* PgUp without Shift is such a key, too */
    expect_top(76);
    SCANCODES(0x2A, 0xE0, 0x49, 0xE0, 0xC9);
    SCANCODES(0x1D, 0x9D, 0xAA);    /* modifiers alone are not */
    expect_top(64);
}

static void output_and_other_views_return(void **state)
{
    (void)state;
    type("\x1b[5;2~", 0);
    print_row(&guest, 1);
    console_output_pump(0);
    expect_top(64);
    print_row(&monitor, 100);
    console_output_pump(0);
    expect_top(77);
    type("\x1b[5;2~", 0);
    expect_top(65);
    type("\x1d" "1" "\x1d" "0", 0);
    expect_top(77);
}

/* Home is the same word as PgUp, and must not scroll. */
static void undefined_keys_do_not_scroll(void **state)
{
    (void)state;
    SCANCODES(0x2A, 0xE0, 0x47, 0xE0, 0xC7, 0xE0, 0x4F, 0xE0, 0xCF, 0x49, 0xC9, 0xAA);
    type("\x1b[1;2~\x1b[4;2~\x1b[1;2H\x1b[5;2H\x1b[2;2~", 0);
    expect_top(76);
    type("\x1b[5;2~\x1b[1;2H", 0);
    expect_top(76);
    SCANCODES(0x2A, 0xE0, 0x49, 0xE0, 0xC9, 0x54);      /* Alt+PrintScreen has no prefix and the same word */
    expect_top(76);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(shift_and_page_keys_scroll_the_monitor, fake_consoles_begin),
        cmocka_unit_test_setup(any_other_key_returns_and_counts, fake_consoles_begin),
        cmocka_unit_test_setup(output_and_other_views_return, fake_consoles_begin),
        cmocka_unit_test_setup(undefined_keys_do_not_scroll, fake_consoles_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
