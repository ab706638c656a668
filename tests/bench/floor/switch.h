/*
 * switch.h - the hypervisor side of the floor handlers, among its own files.
 */
#ifndef TESTS_BENCH_FLOOR_SWITCH_H
#define TESTS_BENCH_FLOOR_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

struct guest;

/* Put code behind a vector of the processor's; *shipped, 0 at first, keeps what is there. */
void floor_take_gate(unsigned vector, const char *code, uint64_t *shipped);

#endif
