/*
 * long_mode.h - run a few bytes of 64-bit code on the processor the test runs on. Registers are 32 bits of each.
 */
#ifndef LONG_MODE_H
#define LONG_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "long_mode_layout.h"

extern struct long_mode_state {
    uint32_t gpr[8], eflags;
    uint64_t code, rsp;                 /* of long_mode.S */
    _Alignas(16) uint8_t fpu[512];
} long_mode_state;
_Static_assert(offsetof(struct long_mode_state, code) == LONG_STATE_CODE, "long_mode.S");
_Static_assert(offsetof(struct long_mode_state, rsp) == LONG_STATE_RSP, "long_mode.S");
_Static_assert(offsetof(struct long_mode_state, fpu) == LONG_STATE_FPU, "long_mode.S");

/* vector -1: the code ran to its end. Else the fault's vector and error code, and where it was. */
struct long_mode_end {
    int vector;
    uint32_t error, offset;
};

#define long_arena ((uint8_t *)(uintptr_t)LONG_ARENA)

/* Map the arena. false: it cannot be had. */
bool long_mode_open(void);

/* Take the signals that faults become: at the beginning of each test, for cmocka takes them before. */
void long_mode_listen(void);

/* Run code from long_mode_state; behind its length the way back is written. */
#define LONG_EXIT_BYTES 14u
struct long_mode_end long_mode_run(uint8_t *code, uint32_t length);

#endif
