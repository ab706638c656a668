/*
 * counters.h - what instruction counts do not show: one increment an event, never reset (PURE).
 *
 * cpu/insn.h counts, hypercall/call_counters.c shows them to guests, tests/bench subtracts two readings.
 */
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H

#include <stdint.h>

struct counters {
    uint64_t cr3_writes;
    uint64_t invlpg;
    uint64_t port_in;       /* IN and OUT instructions of any width */
    uint64_t port_out;
};

extern struct counters counters;

#endif
