/*
 * input.h - all keyboards: keys for the console in view, and the operator's own, which no console gets.
 */
#ifndef IO_INPUT_H
#define IO_INPUT_H

#include <stdbool.h>
#include <stdint.h>

void input_init(void);

/*
 * Take input from PS/2, USB and serial, switch consoles on Alt+Fn and Ctrl-], give key words to the console in view.
 * One that has lost the view since the last time sees the keys that it saw go down come up.
 */
void input_pump(uint64_t now_ns);
/* When there is something to do although nothing comes: half an escape sequence, keys that wait, a view that is new. */
uint64_t input_next_ns(void);

/*
 * Is the serial line the operator's terminal: what comes is typed, and the console in view is mirrored there? Off
 * during a TAP stream.
 */
void input_use_serial(bool use);

/* The serial prefix key (default Ctrl-], 0x1D). */
void input_set_escape(uint8_t control);
#define INPUT_ESCAPE_DEFAULT 0x1D

#endif
