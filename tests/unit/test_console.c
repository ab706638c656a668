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
#include "io/ps2.h"
#include "io/screen.h"
#include "io/scrollback.h"
#include "io/serial.h"
#include "pebpeb.h"

#define WORDS 64

static struct scrollback history;
static struct console monitor, guest;
static uint32_t monitor_words[WORDS], guest_words[WORDS];
static unsigned monitor_count, guest_count;
static const char *serial_input;
static uint8_t keyboard_input[16];
static unsigned keyboard_count, keyboard_at, leds_calls;
static bool led_num, led_caps;
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

int serial_rx(void)
{
    return *serial_input ? (uint8_t)*serial_input++ : -1;
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
    assert_true(guest_count < WORDS);
    guest_words[guest_count++] = word;
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
    guest = (struct console){ .number = 1, .name = "guest", .key = guest_key };
    vcon_init(&monitor.vcon);
    vcon_init(&guest.vcon);
    monitor.vcon.history = &history;
    monitor_count = guest_count = keyboard_count = keyboard_at = leds_calls = 0;
    serial_input = "";
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
    console_input_pump(now_ns);
    console_output_pump(0);
}

static void scancodes(unsigned count, const uint8_t *codes)
{
    memcpy(keyboard_input, codes, count);
    keyboard_count = count;
    keyboard_at = 0;
    console_input_pump(0);
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

/* A guest's program gets page keys as abi.md has them, and nothing scrolls. */
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
    assert_true(console_next_ns() == UINT64_MAX);
    type("\x1b", 1000);
    assert_int_equal(console_next_ns(), 50001000);
    type("", 50000999);
    assert_int_equal(monitor_count, 0);
    type("", console_next_ns());
    assert_int_equal(monitor_count, 2);
    assert_int_equal(monitor_words[0], 0x000D1B1B);
    assert_true(console_next_ns() == UINT64_MAX);
    type("\x1b[", 70000000);
    assert_int_equal(console_next_ns(), 120000000);
    type("A", 70000001);
    assert_true(console_next_ns() == UINT64_MAX);
    type("\x1b", 80000000);
    console_use_serial(false);      /* a stream begins: nothing is typed there */
    assert_true(console_next_ns() == UINT64_MAX);
}

static void locks_reach_the_leds_once(void **state)
{
    (void)state;
    SCANCODES(0x3A, 0x3A, 0xBA);
    assert_int_equal(leds_calls, 1);
    assert_true(led_caps && !led_num);
    SCANCODES(0x1E, 0x9E);
    assert_int_equal(leds_calls, 1);
    SCANCODES(0x45, 0xC5, 0x3A, 0xBA);
    assert_int_equal(leds_calls, 2);
    assert_true(led_num && !led_caps);
    SCANCODES(0x45, 0xC5);
    assert_true(!led_num && !led_caps);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
