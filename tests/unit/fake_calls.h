/*
 * fake_calls.h - hypercalls as a fake guest makes them, and what is to come of one. fake_calls.c stands in for the
 * sources that the calls reach beyond fake_guest.c.
 */
#ifndef FAKE_CALLS_H
#define FAKE_CALLS_H

#include <stdint.h>

#include "fake_guest.h"

#define AFTER_INT 0x1002u       /* EIP of a guest that has executed its INT */
#define BLOCK 0x3001u           /* the arguments: no stack, and not aligned */
#define TEXT 0x4000u            /* a place of fake_ram for what the arguments point to */

static struct guest *const guest = &fake_guest;

/* Write the arguments at BLOCK. */
void put_words(unsigned count, const uint32_t *words);

/* The call of this number with ESP at BLOCK, and EBX, ECX and EDX that expect_return knows again. */
void dispatch(uint32_t number);

#define CALL(number, ...)                                                                                            \
    (put_words(sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4, (const uint32_t[]){ __VA_ARGS__ }), dispatch(number))

/* The call returned to its caller and changed no register but EAX, if that. */
void expect_return(uint32_t eax);

/* It ended at the INT, with nothing on the console. The guest is a fresh one afterwards. */
void expect_crash(const char *reason);

/* What the address space was told last, and what it answers to hv_setpd. fake_guest_setup leaves it alone. */
struct fake_paging {
    gpa_t directory;
    uint32_t wp;
    gva_t adjusted;
    bool lacks_memory;
    uint32_t given_first, given_count;      /* hv_give_back's, summed up */
    uint32_t give_most;                     /* frames that a piece of it takes */
};
extern struct fake_paging fake_paging;

/* How often an interrupt at the vector of hypercalls was acknowledged. */
extern unsigned fake_acknowledged;

/* What hv_counters is told by the clock, before fake_passed_ns of fake_family.h, and by the pool of frames. */
#define FAKE_NOW_NS 0x100000001ull
#define FAKE_FRAMES_TOTAL 600u
#define FAKE_FRAMES_FREE 500u

#endif
