/*
 * long_mode_forms.h - random instructions of 32-bit code that do the same in 64-bit code behind an address-size prefix.
 */
#ifndef LONG_MODE_FORMS_H
#define LONG_MODE_FORMS_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/x86/instruction.h"

void long_mode_seed(uint32_t seed);

/* As often as any other: a value near where a carry or a sign comes from. */
uint32_t long_mode_value(void);

/*
 * One instruction, made so that from these registers (and DF) all its operands in memory lie in the arena. steers:
 * registers may be set for that. What it does to memory first (a value to compare with) is in arena afterwards.
 */
void long_mode_choose(uint8_t *bytes, struct instruction *insn, uint32_t *gpr, bool is_down, bool steers,
                      uint8_t *arena);

/* The floating-point unit or its registers. */
bool long_mode_is_fpu(const struct instruction *insn);

/* A row ends with it: what it loads, the interpreter is not made for to go on with. */
bool long_mode_is_last(const struct instruction *insn);

/* The most bytes between a jump and its target. */
#define LONG_GAP 16u

#endif
