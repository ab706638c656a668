/*
 * ps2.h - the 8042 keyboard controller: scancodes of set 1, as the controller translates them.
 */
#ifndef IO_PS2_H
#define IO_PS2_H

#include <stdbool.h>

/* The firmware says that there is no controller (FADT IAPC_BOOT_ARCH, bit 1 clear): its ports are never touched. */
void ps2_set_absent(void);

/* Find and set up the controller and its keyboard; every wait is bounded. False: there is none. */
bool ps2_init(void);

/* What ps2_init returned. */
bool ps2_present(void);

/* The next scancode byte, or -1. Answers to ps2_set_leds are taken out. */
int ps2_read(void);

/* Show the lock state on the keyboard. Never waits for it: ps2_read goes on when the keyboard answers. */
void ps2_set_leds(bool num, bool caps);

#endif
