/*
 * fake_consoles.c - see fake_consoles.h.
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
#include "io/framebuffer.h"
#include "io/input.h"
#include "io/ps2.h"
#include "io/screen.h"
#include "io/scrollback.h"
#include "io/serial.h"
#include "io/usb/usb.h"

struct console monitor, guest;
uint32_t monitor_words[WORDS], guest_words[WORDS];
unsigned monitor_count, guest_count, guest_room, guest_dropped;
const char *serial_input;
bool serial_is_held;
unsigned leds_calls;
bool led_num, led_caps, usb_led_num, usb_led_caps;
uint16_t usb_input[16];
unsigned usb_count;
char status[VCON_COLS + 1];
uint16_t shown[VCON_ROWS][VCON_COLS];
unsigned shown_cursor_row, terminal_rows, told_count;
static struct scrollback history;
static uint8_t keyboard_input[16];
static unsigned keyboard_count, keyboard_at, usb_at;
static uint32_t touched;

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

unsigned screen_terminal(void)
{
    return terminal_rows;
}

void screen_tell_status(void)
{
    told_count++;
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

void monitor_key(void *owner, uint32_t word)
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

unsigned room_of_other(const void *owner)
{
    return *(const unsigned *)owner;
}

void print_row(struct console *console, unsigned number)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%u\n", number);
    vcon_write(&console->vcon, (const uint8_t *)text, (size_t)length);
}

/* All that a test prints fits. */
static void *get_history_page(size_t bytes)
{
    static uint16_t pages[SCROLLBACK_ROWS][VCON_COLS];
    size_t first = (size_t)(history.pushed % SCROLLBACK_ROWS);

    return bytes <= sizeof(pages) - first * sizeof(pages[0]) ? pages[first] : NULL;
}

int fake_consoles_begin(void **state)
{
    (void)state;
    console_detach(&guest);
    console_detach(&monitor);
    scrollback_init(&history, get_history_page);
    monitor = (struct console){ .number = 0, .name = "monitor", .key = monitor_key };
    guest = (struct console){ .number = 1, .name = "guest", .key = guest_key, .room = room_of_guest };
    guest_room = WORDS;
    guest_dropped = told_count = 0;
    terminal_rows = SCREEN_ROWS;
    serial_is_held = false;
    vcon_init(&monitor.vcon);
    vcon_init(&guest.vcon);
    monitor.vcon.history = &history;
    keyboard_count = keyboard_at = usb_count = usb_at = 0;
    serial_input = "";
    input_pump(0);              /* what still waits for them has no console any more */
    monitor_count = guest_count = leds_calls = 0;
    console_init(NULL, NULL);
    input_init();
    input_use_serial(true);
    console_attach(&monitor);
    console_attach(&guest);
    console_view(&monitor);
    for (unsigned i = 0; i < 100; i++)
        print_row(&monitor, i);
    console_output_pump(0);
    return 0;
}

void type(const char *text, uint64_t now_ns)
{
    serial_input = text;
    input_pump(now_ns);
    console_output_pump(0);
}

void scancodes(unsigned count, const uint8_t *codes)
{
    memcpy(keyboard_input, codes, count);
    keyboard_count = count;
    keyboard_at = 0;
    input_pump(0);
    console_output_pump(0);
}
