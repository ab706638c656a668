/*
 * ps2.h - the 8042 keyboard controller: scancodes of set 1, as the controller translates them.
 */
#ifndef IO_PS2_H
#define IO_PS2_H

#include <stdbool.h>

/* Find and set up the controller and its keyboard; every wait is bounded. False: there is none. */
bool ps2_init(void);

/* The next scancode byte, or -1. */
int ps2_read(void);

#endif
