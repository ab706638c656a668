/*
 * fake_consoles.h - a monitor and a guest at console.c and input.c; keyboards, serial line and screen are of paper.
 */
#ifndef FAKE_CONSOLES_H
#define FAKE_CONSOLES_H

#include <stdbool.h>
#include <stdint.h>

#include "io/console.h"

#define WORDS 64

/* What each has got. The guest's queue has place for guest_room words; what is given to it beyond that is dropped. */
extern struct console monitor, guest;
extern uint32_t monitor_words[WORDS], guest_words[WORDS];
extern unsigned monitor_count, guest_count, guest_room, guest_dropped;

/* What comes next from the serial line, and whether its sender is told to wait. */
extern const char *serial_input;
extern bool serial_is_held;

/* What comes next from keyboards of USB, and what the keyboards show. */
extern uint16_t usb_input[16];
extern unsigned usb_count, leds_calls;
extern bool led_num, led_caps, usb_led_num, usb_led_caps;

/* The screen. */
extern char status[VCON_COLS + 1];
extern uint16_t shown[VCON_ROWS][VCON_COLS];
extern unsigned shown_cursor_row, terminal_rows, told_count;

/* Before each test: both attached, the monitor in view. It shows rows 76 to 99 and has 76 above them. */
int fake_consoles_begin(void **state);

/* For a console of a test's own: keys go to the monitor's words, and owner is its room, an unsigned. */
void monitor_key(void *owner, uint32_t word);
unsigned room_of_other(const void *owner);

/* A row with a number. */
void print_row(struct console *console, unsigned number);

/* Bytes of the serial line at a time; bytes of the PS/2 keyboard. Both reach whom they are for, and are drawn. */
void type(const char *text, uint64_t now_ns);
void scancodes(unsigned count, const uint8_t *codes);
#define SCANCODES(...) scancodes(sizeof((uint8_t[]){ __VA_ARGS__ }), (const uint8_t[]){ __VA_ARGS__ })

#endif
