/*
 * held_keys.h - the keys that the console in view has seen go down, so that it sees each of them come up, and no other
 * (PURE).
 */
#ifndef IO_HELD_KEYS_H
#define IO_HELD_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define HELD_KEYS 32            /* more than ten fingers hold; what goes down beyond that is not given to a console */

struct held {
    uint32_t keys[HELD_KEYS];   /* held_key of each, the newest last */
    unsigned count;
};

/* What tells a key from others: raw code and NUMPAD bit, and for undefined keys, which share a code, the scancode. */
uint32_t held_key(uint32_t key_word, uint8_t scancode);

/* A key event is to be given to the console. False: it must not be, it is the break of a make that went elsewhere. */
bool held_take(struct held *held, uint32_t key_word, uint8_t scancode);

/*
 * The console loses the view: the break of its newest key that is still down. locks: the lock bits to show in it.
 * False: all are up.
 */
bool held_let_go(struct held *held, uint32_t locks, uint32_t *key_word);

#endif
