/*
 * undefined_flags.h - the arithmetic flags that the manual leaves undefined after an instruction (PURE): who compares
 * two processors asks for them. SDM vol. 2, "Flags Affected" of each.
 */
#ifndef VPC_X86_UNDEFINED_FLAGS_H
#define VPC_X86_UNDEFINED_FLAGS_H

#include <stdint.h>

#include "vpc/x86/instruction.h"

/* ecx: before it, as a shift may be by CL. */
uint32_t undefined_flags(const struct instruction *insn, uint32_t ecx);

#endif
