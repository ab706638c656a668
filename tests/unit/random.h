/*
 * random.h - numbers that look random and are the same on every run, so that a failure can be seen again.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

static uint32_t random_state = 1;

/* xorshift32 (Marsaglia 2003): all values but 0 in turn. */
static inline uint32_t random_u32(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* 0..bound-1, bound not 0. */
static inline uint32_t random_below(uint32_t bound)
{
    return random_u32() % bound;
}

#endif
