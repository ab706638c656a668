/*
 * test_console.c - which keys reach which console, and what is on the screen: console.c between devices on paper.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/console.h"
#include "io/framebuffer.h"
#include "io/input.h"
#include "io/ps2.h"
#include "io/usb/usb.h"
#include "io/screen.h"
#include "io/scrollback.h"
#include "io/serial.h"
#include "pebpeb.h"

#define WORDS 64
#define PASTE 3000
#define SECOND_NS 1000000000ull

static struct scrollback history;
static struct console monitor, guest;
static uint32_t monitor_words[WORDS], guest_words[WORDS];
static unsigned monitor_count, guest_count;
static unsigned guest_room;             /* words that fit into guest_words, as the guest's queue */
static unsigned guest_dropped;
static const char *serial_input;
static bool serial_is_held;
static uint8_t keyboard_input[16];
static unsigned keyboard_count, keyboard_at, leds_calls;
static bool led_num, led_caps, usb_led_num, usb_led_caps;
static uint16_t usb_input[16];
static unsigned usb_count, usb_at;
static char status[VCON_COLS + 1];
static uint32_t touched;
static uint16_t shown[VCON_ROWS][VCON_COLS];
static unsigned shown_cursor_row;

int ps2_read(void)
{
    return keyboard_at < keyboard_count ? keyboard_input[keyboard_at++] : -1;
}

void ps2_set_leds(bool num, bool caps)
{
    leds_calls++;
    led_num = num;
    led_caps = caps;
}

void usb_poll(uint64_t now_ns)
{
    (void)now_ns;
}

uint64_t usb_next_ns(void)
{
    return usb_at < usb_count ? 0 : UINT64_MAX;
}

int usb_read(void)
{
    return usb_at < usb_count ? usb_input[usb_at++] : -1;
}

void usb_set_leds(bool num, bool caps)
{
    usb_led_num = num;
    usb_led_caps = caps;
}

int serial_rx(void)
{
    return *serial_input ? (uint8_t)*serial_input++ : -1;
}

void serial_hold(bool hold)
{
    serial_is_held = hold;
}

void serial_drain(unsigned limit_ms)
{
    (void)limit_ms;
}

void framebuffer_init(const struct boot_framebuffer *description, void *pixels)
{
    (void)description, (void)pixels;
}

void screen_use_serial(bool use)
{
    (void)use;
    touched = ~0u;
}

void screen_invalidate(void)
{
    touched = ~0u;
}

void screen_touch_rows(uint32_t rows)
{
    touched |= rows;
}

void screen_set_status(const char *text)
{
    snprintf(status, sizeof(status), "%s", text);
}

/* A row that was not touched is not drawn: it stays as it was. */
uint64_t screen_next_ns(void)
{
    return UINT64_MAX;
}

bool screen_draw(const struct screen_view *view, unsigned rows_max, uint64_t now_ns)
{
    (void)rows_max, (void)now_ns;
    for (unsigned row = 0; row < VCON_ROWS; row++) {
        if (!(touched >> row & 1))
            continue;
        if (view->cells)
            memcpy(shown[row], view->cells + row * VCON_COLS, sizeof(shown[row]));
        else
            vcon_read_row(view->vcon, row, shown[row]);
    }
    shown_cursor_row = view->cursor_row;
    touched = 0;
    return false;
}

static void monitor_key(void *owner, uint32_t word)
{
    (void)owner;
    assert_true(monitor_count < WORDS);
    monitor_words[monitor_count++] = word;
}

static void guest_key(void *owner, uint32_t word)
{
    (void)owner;
    if (guest_count == guest_room)
        guest_dropped++;
    else
        guest_words[guest_count++] = word;
}

static unsigned room_of_guest(const void *owner)
{
    (void)owner;
    return guest_room - guest_count;
}

static unsigned room_of_other(const void *owner)
{
    return *(const unsigned *)owner;
}

static void print_row(struct console *console, unsigned number)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%u\n", number);
    vcon_write(&console->vcon, (const uint8_t *)text, (size_t)length);
}

/* The monitor shows rows 76 to 99 and has 76 above them. */
static int begin(void **state)
{
    (void)state;
    console_detach(&guest);
    console_detach(&monitor);
    memset(&history, 0, sizeof(history));
    monitor = (struct console){ .number = 0, .name = "monitor", .key = monitor_key };
    guest = (struct console){ .number = 1, .name = "guest", .key = guest_key, .room = room_of_guest };
    guest_room = WORDS;
    guest_dropped = 0;
    serial_is_held = false;
    vcon_init(&monitor.vcon);
    vcon_init(&guest.vcon);
    monitor.vcon.history = &history;
    keyboard_count = keyboard_at = usb_count = usb_at = 0;
    serial_input = "";
    input_pump(0);              /* what still waits for them has no console any more */
    monitor_count = guest_count = leds_calls = 0;
    console_init(NULL, NULL);
    console_use_serial(true);
    console_attach(&monitor);
    console_attach(&guest);
    console_view(&monitor);
    for (unsigned i = 0; i < 100; i++)
        print_row(&monitor, i);
    console_output_pump(0);
    return 0;
}

static void type(const char *text, uint64_t now_ns)
{
    serial_input = text;
    input_pump(now_ns);
    console_output_pump(0);
}

static void scancodes(unsigned count, const uint8_t *codes)
{
    memcpy(keyboard_input, codes, count);
    keyboard_count = count;
    keyboard_at = 0;
    input_pump(0);
    console_output_pump(0);
}
#define SCANCODES(...) scancodes(sizeof((uint8_t[]){ __VA_ARGS__ }), (const uint8_t[]){ __VA_ARGS__ })

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
    console_use_serial(false);      /* a stream begins: nothing is typed there */
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

/* What the guest has got, one character a make; breaks are left out. */
static void expect_guest_makes(const char *wanted)
{
    char text[WORDS + 1];
    unsigned length = 0;

    for (unsigned i = 0; i < guest_count; i++)
        if (guest_words[i] & HV_KEY_MAKE)
            text[length++] = (char)(guest_words[i] & HV_KEY_CHAR_MASK);
    text[length] = '\0';
    assert_string_equal(text, wanted);
}

/* What was a bug: of a text that is pasted faster than the guest takes keys, what did not fit was dropped. */
static void a_paste_loses_no_key(void **state)
{
    (void)state;
    static char text[PASTE + 1];
    unsigned makes = 0;
    uint64_t now_ns = 0;

    for (unsigned i = 0; i < PASTE; i++)
        text[i] = "abCd\r"[i % 5];
    guest_room = 7;
    type("\x1d" "1", now_ns);
    serial_input = text;
    while (makes < PASTE) {
        input_pump(now_ns);
        assert_true(guest_count > 0);
        for (unsigned i = 0; i < guest_count; i++) {
            uint32_t raw = (guest_words[i] & HV_KEY_RAW_MASK) >> HV_KEY_RAW_SHIFT;
            if (guest_words[i] & HV_KEY_MAKE && raw != HV_KEYCODE_LSHIFT)
                assert_int_equal((char)(guest_words[i] & HV_KEY_CHAR_MASK), "abCd\n"[makes++ % 5]);
        }
        guest_count = 0;
        assert_true(*serial_input || makes == PASTE || input_next_ns() <= now_ns + 20000000);
        now_ns += SECOND_NS;        /* a slow guest, but it takes some */
    }
    input_pump(now_ns);
    assert_int_equal(guest_dropped, 0);
    assert_false(serial_is_held);
    assert_true(input_next_ns() == UINT64_MAX);
}

/* A guest that never takes a key keeps its paste waiting, and nothing else. */
static void the_prefix_passes_a_paste_that_waits(void **state)
{
    (void)state;
    static const char paste[] = "abcdefghijklmnopqrstuvwxyzabcdef";
    guest_room = 4;
    type("\x1d" "1", 0);
    type(paste, 0);
    type("\x1d" "0", 0);
    assert_ptr_equal(console_in_view(), &monitor);
    type("ps", 0);
    assert_int_equal(monitor_count, 4);
    type("", 100 * SECOND_NS);                  /* and it may take as long as it likes */
    expect_guest_makes("ab");
    guest_count = 0;
    guest_room = WORDS;
    type("", 101 * SECOND_NS);
    assert_int_equal(guest_count, WORDS - 4);
    assert_int_equal(guest_dropped, 0);
    expect_guest_makes("cdefghijklmnopqrstuvwxyzabcdef");
}

/* More than can wait: the line is held for three seconds; then the prefix gets through whatever lies before it. */
static void the_prefix_passes_a_paste_that_nobody_takes(void **state)
{
    (void)state;
    static char text[100 * PASTE + 3];
    memset(text, 'a', 100 * PASTE);
    text[100 * PASTE] = 0x1D;
    text[100 * PASTE + 1] = '0';
    guest_room = 4;
    type("\x1d" "1", SECOND_NS);
    serial_input = text;
    for (unsigned i = 0; i < 20; i++)
        input_pump(SECOND_NS);
    assert_true(serial_is_held);
    size_t rest = strlen(serial_input);
    assert_true(rest > 99 * PASTE);
    input_pump(4 * SECOND_NS - 1);
    assert_int_equal(strlen(serial_input), rest);
    SCANCODES(0x1E, 0x9E);                      /* the other keyboard is not held */
    for (unsigned i = 0; i < 100 * PASTE / 256 + 8; i++)
        input_pump(4 * SECOND_NS);
    assert_ptr_equal(console_in_view(), &monitor);
    assert_false(serial_is_held);
    assert_int_equal(guest_count, 4);
    assert_int_equal(guest_dropped, 2 * 100 * PASTE + 2 - 4);
    guest_count = 0;                            /* it wakes up: nothing more is dropped */
    type("\x1d" "1" "xyz", 5 * SECOND_NS);
    assert_int_equal(guest_dropped, 2 * 100 * PASTE + 2 - 4);
    expect_guest_makes("xy");
    guest_count = 0;
    type("", 5 * SECOND_NS);
    expect_guest_makes("z");
}

/* One that takes nothing does not keep others from theirs, and what waits for a console that goes is forgotten. */
static void nobody_waits_for_anothers_keys(void **state)
{
    (void)state;
    unsigned room = 0;
    struct console other = { .number = 2, .name = "other", .key = monitor_key, .room = room_of_other, .owner = &room };
    vcon_init(&other.vcon);
    console_attach(&other);
    guest_room = 4;
    type("\x1d" "1" "abcd" "\x1d" "2" "abcd" "\x1d" "1" "efgh", 0);
    assert_int_equal(monitor_count, 0);
    room = WORDS;
    type("\x1d" "2" "e", 0);
    assert_int_equal(monitor_count, 10);
    assert_int_equal(guest_count, 4);
    console_detach(&other);
    console_detach(&guest);
    type("", 0);
    assert_true(input_next_ns() == UINT64_MAX);
    assert_int_equal(guest_count, 4);
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

/* However the view goes: by the other keyboard, from above, or by a terminal's Alt+F1. */
static void keys_come_up_however_the_view_goes(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        begin(NULL);
        type("\x1d" "1", 0);
        SCANCODES(0xE0, 0x38, 0x47, 0xE0, 0x47, 0xE0, 0x4F);    /* AltGr, 7 of the pad, Home, End */
        if (way == 0)
            type("\x1d" "n", 0);
        else if (way == 1)
            console_view(&monitor);
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
    console_view(&monitor);
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
        cmocka_unit_test_setup(shift_and_page_keys_scroll_the_monitor, begin),
        cmocka_unit_test_setup(any_other_key_returns_and_counts, begin),
        cmocka_unit_test_setup(output_and_other_views_return, begin),
        cmocka_unit_test_setup(guests_get_their_keys, begin),
        cmocka_unit_test_setup(undefined_keys_do_not_scroll, begin),
        cmocka_unit_test_setup(a_lone_escape_asks_to_be_woken, begin),
        cmocka_unit_test_setup(locks_reach_the_leds_once, begin),
        cmocka_unit_test_setup(a_paste_loses_no_key, begin),
        cmocka_unit_test_setup(the_prefix_passes_a_paste_that_waits, begin),
        cmocka_unit_test_setup(the_prefix_passes_a_paste_that_nobody_takes, begin),
        cmocka_unit_test_setup(nobody_waits_for_anothers_keys, begin),
        cmocka_unit_test_setup(whoever_loses_the_view_sees_its_keys_come_up, begin),
        cmocka_unit_test_setup(keys_come_up_however_the_view_goes, begin),
        cmocka_unit_test_setup(a_held_key_repeats_and_comes_up_once, begin),
        cmocka_unit_test_setup(whatever_goes_down_comes_up, begin),
        cmocka_unit_test_setup(an_escape_stays_where_it_was_typed, begin),
        cmocka_unit_test_setup(usb_keys_go_between_the_bytes_of_ps2, begin),
        cmocka_unit_test_setup(both_keyboards_share_modifiers, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
