/*
 * i8042.h - a PC's keyboard controller and keyboard (PURE): scancodes of set 1, as firmware leaves it translating; of
 * set 2 for a guest that has it translate no more.
 *
 * Source: IBM PS/2 Technical Reference "Keyboard and Auxiliary Device Controller", "101/102-Key Keyboards".
 */
#ifndef VPC_I8042_H
#define VPC_I8042_H

#include <stdbool.h>
#include <stdint.h>

#define I8042_QUEUE 32u

struct i8042 {
    uint8_t config;             /* the command byte */
    uint8_t output_port;
    uint8_t command;            /* of the controller, that waits for its data; 0: none */
    uint8_t key_command;        /* of the keyboard, likewise */
    uint8_t data;               /* what port 60 reads */
    bool is_full;               /* and nobody has read it */
    bool is_sent;               /* by the keyboard, and is no answer of the controller's */
    bool is_auxiliary;          /* it came by the mouse's port, where nobody is: the controller's own loop */
    bool is_scanning;
    bool sends_first_set;       /* without translation, too */
    bool is_command;            /* port 64 was written last, not 60 */
    bool wants_reset;           /* the guest asks for a reset of its machine */
    uint8_t first, count;
    uint8_t queue[I8042_QUEUE]; /* what comes next */
};

void i8042_reset(struct i8042 *keyboard);

/* Is interrupt line 1 high, the keyboard's? Line 12, the mouse's port's? */
bool i8042_line(const struct i8042 *keyboard);
bool i8042_auxiliary_line(const struct i8042 *keyboard);

/* Bytes of keys that it can take; a key's byte, as it is in set 1. */
unsigned i8042_room(const struct i8042 *keyboard);
void i8042_key(struct i8042 *keyboard, uint8_t byte);

/* What waits comes to port 60, if that is free. Not at once after a read: the line must be seen to fall. */
void i8042_advance(struct i8042 *keyboard);

/* Ports 60, 64 and 92. */
uint8_t i8042_read(struct i8042 *keyboard, uint16_t port);
void i8042_write(struct i8042 *keyboard, uint16_t port, uint8_t value);

#endif
