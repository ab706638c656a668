/*
 * flat_pc.h - a PC in protected mode with flat segments, and the instructions that a test of the interpreter gives it.
 */
#ifndef FLAT_PC_H
#define FLAT_PC_H

#include <stddef.h>

#include "fake_pc.h"

#define CODE 0x20000u

extern struct fake_pc pc;
extern struct vcpu *const cpu;

/* As new, in privilege cpl, about to execute what stands at CODE. */
void set_up(uint8_t cpl);

/* These instructions stand at CODE; at most so many are executed from EIP on. */
enum exit_reason run(const char *bytes, size_t length, uint64_t instructions);
#define RUN(bytes, instructions) run(bytes, sizeof(bytes) - 1, instructions)

/* The handler of this event is about to run; vector -1: none is. */
void expect_event(int vector, uint32_t eip);
void raise_interrupt(uint8_t vector);

#endif
