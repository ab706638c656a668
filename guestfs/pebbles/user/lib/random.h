/*
 * random.h - numbers that look random and are the same on every run.
 */
#ifndef USER_RANDOM_H
#define USER_RANDOM_H

#include <stdint.h>

/* xorshift32: *state, not 0, goes through all other values. */
static inline uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Put the numbers 0..count-1 into order[], shuffled. */
static inline void random_order(uint32_t *state, uint16_t *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = random_next(state) % (i + 1);
        order[i] = order[place];
        order[place] = (uint16_t)i;
    }
}

#endif
