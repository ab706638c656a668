/*
 * test_input.c - which keys reach which console, from which keyboard: input.c between devices on paper.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_consoles.h"
#include "io/input.h"
#include "io/screen.h"
#include "io/usb/hid_keyboard.h"
#include "pebpeb.h"

/* A guest's program gets page keys as docs/abi.md has them, and nothing scrolls. */
static void guests_get_their_keys(void **state)
{
    (void)state;
    static const uint32_t words[] = { 0x80098900, 0x80098000, 0x80088000, 0x00088900 };
    type("\x1d" "1", 0);
    type("\x1b[5;2~", 0);
    SCANCODES(0x2A, 0xE0, 0x51, 0xE0, 0xD1, 0xAA);
    assert_int_equal(guest_count, 8);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(guest_words[i], words[i % 4]);
    assert_int_equal(guest.back, 0);
    assert_int_equal(monitor_count, 0);
}

/* Where whole lines come, CR and LF together are one Enter; else each is one. And the keys' help is a line there. */
static void a_line_ends_once(void **state)
{
    (void)state;
    type("\r\n", 0);
    assert_int_equal(monitor_count, 4);
    terminal_rows = SCREEN_LINES;
    type("\r\n", 0);
    assert_int_equal(monitor_count, 6);
    type("\n\n\r\r\n", 0);
    assert_int_equal(monitor_count, 14);
    assert_int_equal(told_count, 0);
    type("\x1d?", 0);
    assert_int_equal(told_count, 1);
}

static void a_lone_escape_asks_to_be_woken(void **state)
{
    (void)state;
    assert_true(input_next_ns() == UINT64_MAX);
    type("\x1b", 1000);
    assert_int_equal(input_next_ns(), 50001000);
    type("", 50000999);
    assert_int_equal(monitor_count, 0);
    type("", input_next_ns());
    assert_int_equal(monitor_count, 2);
    assert_int_equal(monitor_words[0], 0x000D1B1B);
    assert_true(input_next_ns() == UINT64_MAX);
    type("\x1b[", 70000000);
    assert_int_equal(input_next_ns(), 120000000);
    type("A", 70000001);
    assert_true(input_next_ns() == UINT64_MAX);
    type("\x1b", 80000000);
    input_use_serial(false);      /* a stream begins: nothing is typed there */
    assert_true(input_next_ns() == UINT64_MAX);
}

static void locks_reach_the_leds_once(void **state)
{
    (void)state;
    SCANCODES(0x3A, 0x3A, 0xBA);
    assert_int_equal(leds_calls, 1);
    assert_true(led_caps && !led_num && usb_led_caps && !usb_led_num);
    SCANCODES(0x1E, 0x9E);
    assert_int_equal(leds_calls, 1);
    SCANCODES(0x45, 0xC5, 0x3A, 0xBA);
    assert_int_equal(leds_calls, 2);
    assert_true(led_num && !led_caps && usb_led_num && !usb_led_caps);
    SCANCODES(0x45, 0xC5);
    assert_true(!led_num && !led_caps);
}

/* What was a bug: who lost the view with Alt or another key down never saw it come up. */
static void whoever_loses_the_view_sees_its_keys_come_up(void **state)
{
    (void)state;
    static const uint32_t breaks[] = { 0xA0088500, 0xA00C6101, 0x20088900, 0x00088700 };
    type("\x1d" "1", 0);
    SCANCODES(0x1D, 0x2A, 0x1E, 0x38, 0x3B);            /* Ctrl, Shift, a, Alt+F1 */
    assert_ptr_equal(console_in_view(), &monitor);
    assert_int_equal(guest_count, 8);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(guest_words[4 + i], breaks[i]);
    SCANCODES(0xBB, 0xB8, 0x9E, 0xAA, 0x9D);
    assert_int_equal(guest_count, 8);
    assert_int_equal(monitor_count, 0);                 /* no break without a make */
}

/* Nothing is typed, but input has to be pumped at once. */
static void leave_view_from_above(void)
{
    assert_true(input_next_ns() == UINT64_MAX);
    console_view(&monitor);
    assert_int_equal(input_next_ns(), 0);
    type("", 0);
    assert_true(input_next_ns() == UINT64_MAX);
}

/* However the view goes: by the other keyboard, from above, or by a terminal's Alt+F1. */
static void keys_come_up_however_the_view_goes(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        fake_consoles_begin(NULL);
        type("\x1d" "1", 0);
        SCANCODES(0xE0, 0x38, 0x47, 0xE0, 0x47, 0xE0, 0x4F);    /* AltGr, 7 of the pad, Home, End */
        if (way == 0)
            type("\x1d" "n", 0);
        else if (way == 1)
            leave_view_from_above();
        else if (way == 2)
            type("\x1b[1;3P", 0);
        else
            SCANCODES(0x3B, 0xBB);
        assert_ptr_equal(console_in_view(), &monitor);
        unsigned made = way == 2 ? 5 : 4;
        assert_int_equal(guest_count, 2 * made);
        for (unsigned i = 0; i < made; i++)
            assert_int_equal(guest_words[2 * made - 1 - i] & (HV_KEY_RAW_MASK | HV_KEY_NUMPAD | HV_KEY_MAKE),
                             guest_words[i] & (HV_KEY_RAW_MASK | HV_KEY_NUMPAD));
        assert_int_equal(guest_words[2 * made - 1], 0x00088600);
        SCANCODES(0xC7, 0xE0, 0xC7, 0xE0, 0xCF, 0xE0, 0xB8);
        assert_int_equal(monitor_count, 0);
        SCANCODES(0x1E, 0x9E);                          /* and all goes on as before */
        assert_int_equal(monitor_count, 2);
    }
}

/* Two undefined keys have one word, and each comes up. Repeats are one key. */
static void a_held_key_repeats_and_comes_up_once(void **state)
{
    (void)state;
    SCANCODES(0x1E, 0x1E, 0x1E, 0x9E, 0x9E);
    assert_int_equal(monitor_count, 4);
    assert_int_equal(monitor_words[2], 0x000D6161);
    assert_int_equal(monitor_words[3], 0x000C6161);
    type("\x1d" "1", 0);
    SCANCODES(0x1E, 0x1E, 0x1E, 0x9E, 0xE0, 0x47, 0xE0, 0x4F, 0xE0, 0x47, 0xE0, 0xC7, 0xE0, 0xCF);
    assert_int_equal(guest_count, 9);
    assert_int_equal(guest_words[2], 0x000D6161);
    assert_int_equal(guest_words[8], 0x00088000);
    SCANCODES(0x38, 0x3C, 0x3C, 0xB8, 0x3C, 0x3C, 0xBC, 0x3C, 0xBC);    /* F2 repeats when Alt has come up */
    assert_int_equal(guest_count, 13);
    assert_int_equal(guest_words[11], 0x000D8E8E);
}

/* More fingers than a hand has: what has no place is not given, and leaves nothing down. */
static void whatever_goes_down_comes_up(void **state)
{
    (void)state;
    unsigned down = 0;
    guest_room = WORDS;
    type("\x1d" "1", 0);
    for (uint8_t code = 0x02; code < 0x36; code++)
        SCANCODES(code);
    leave_view_from_above();
    for (unsigned i = 0; i < guest_count; i++)
        down += guest_words[i] & HV_KEY_MAKE ? 1 : -1u;
    assert_int_equal(down, 0);
    assert_int_equal(guest_words[guest_count - 1], 0x000C3131);
    for (uint8_t code = 0x02; code < 0x36; code++)
        SCANCODES((uint8_t)(code | 0x80));
    assert_int_equal(monitor_count, 0);
}

/* An Esc that waits for more was meant for the console that was in view. */
static void an_escape_stays_where_it_was_typed(void **state)
{
    (void)state;
    type("\x1d" "1" "\x1b" "\x1d" "0" "[A", 0);
    assert_int_equal(guest_count, 2);
    assert_int_equal(guest_words[0], 0x000D1B1B);
    assert_int_equal(monitor_words[0], 0x000D5B5B);
}

/* PS/2's arrow comes in two passes; between them a key of USB, which is the key that it is, and then the arrow. */
static void usb_keys_go_between_the_bytes_of_ps2(void **state)
{
    (void)state;
    SCANCODES(0xE0);
    usb_input[0] = 0x1E;
    usb_input[1] = 0x48 | HID_EXTENDED;
    usb_count = 2;
    input_pump(0);
    SCANCODES(0x50);
    assert_int_equal(monitor_count, 3);
    assert_int_equal(monitor_words[0], 0x000D6161);
    assert_int_equal(monitor_words[1] >> 8 & 0xFF, HV_KEYCODE_UP);
    assert_int_equal(monitor_words[2] >> 8 & 0xFF, HV_KEYCODE_DOWN);
}

/* Shift on one keyboard counts for the keys of the other. */
static void both_keyboards_share_modifiers(void **state)
{
    (void)state;
    usb_input[0] = 0x2A;
    usb_count = 1;
    input_pump(0);
    SCANCODES(0x1E);
    assert_int_equal(monitor_words[monitor_count - 1] & 0xFF, 'A');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(guests_get_their_keys, fake_consoles_begin),
        cmocka_unit_test_setup(a_line_ends_once, fake_consoles_begin),
        cmocka_unit_test_setup(a_lone_escape_asks_to_be_woken, fake_consoles_begin),
        cmocka_unit_test_setup(locks_reach_the_leds_once, fake_consoles_begin),
        cmocka_unit_test_setup(whoever_loses_the_view_sees_its_keys_come_up, fake_consoles_begin),
        cmocka_unit_test_setup(keys_come_up_however_the_view_goes, fake_consoles_begin),
        cmocka_unit_test_setup(a_held_key_repeats_and_comes_up_once, fake_consoles_begin),
        cmocka_unit_test_setup(whatever_goes_down_comes_up, fake_consoles_begin),
        cmocka_unit_test_setup(an_escape_stays_where_it_was_typed, fake_consoles_begin),
        cmocka_unit_test_setup(usb_keys_go_between_the_bytes_of_ps2, fake_consoles_begin),
        cmocka_unit_test_setup(both_keyboards_share_modifiers, fake_consoles_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
