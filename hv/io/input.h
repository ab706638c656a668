/*
 * input.h - all keyboards: keys for the console in view, and the operator's own, which no console gets.
 */
#ifndef IO_INPUT_H
#define IO_INPUT_H

#include <stdbool.h>
#include <stdint.h>

void input_init(void);

/* Take input from PS/2, USB and serial, switch consoles on Alt+Fn and Ctrl-], give key words to the console in view. */
void input_pump(uint64_t now_ns);
/* When there is something to do although nothing comes: half an escape sequence, keys that wait; UINT64_MAX: never. */
uint64_t input_next_ns(void);

/* Whether serial input is typed. */
void input_use_serial(bool use);

/* The serial prefix key (default Ctrl-], 0x1D). */
void input_set_escape(uint8_t control);
uint8_t input_escape(void);
#define INPUT_ESCAPE_DEFAULT 0x1D

/* The console in view, if there is one, is about to lose the view: it gets what was meant for it. */
void input_leaves_view(void);

#endif
