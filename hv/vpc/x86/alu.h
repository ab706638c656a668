/*
 * alu.h - the eight operations of the arithmetic opcodes, with their flags (PURE, inline). SDM vol. 2 "ADD" to "XOR".
 */
#ifndef VPC_X86_ALU_H
#define VPC_X86_ALU_H

#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"

/* By the number in bits 3-5 of the opcode, or in reg of 80 to 83. */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };

/* CF and OF are 0, AF is undefined. */
static ALWAYS_INLINE uint32_t alu_logic(struct interp *interp, uint32_t result, unsigned bytes)
{
    flags_set_result(interp, result, bytes);
    interp->flag_carries = 0;
    return result;
}

/* The result has as many bytes, and perhaps more bits above them. */
static ALWAYS_INLINE uint32_t alu(struct interp *interp, unsigned operation, uint32_t a, uint32_t b, unsigned bytes)
{
    switch (operation) {
    case ALU_ADD: return add_with_flags(interp, a, b, 0, bytes);
    case ALU_OR: return alu_logic(interp, a | b, bytes);
    case ALU_ADC: return add_with_flags(interp, a, b, flag_cf(interp), bytes);
    case ALU_SBB: return subtract_with_flags(interp, a, b, flag_cf(interp), bytes);
    case ALU_AND: return alu_logic(interp, a & b, bytes);
    case ALU_XOR: return alu_logic(interp, a ^ b, bytes);
    default: return subtract_with_flags(interp, a, b, 0, bytes);
    }
}

/*
 * The same on four bytes: the upper half of the carries stays, and bit 31 is what it would be, but if CF would change.
 */
static ALWAYS_INLINE uint32_t alu_step4(struct interp *interp, uint32_t value, bool is_down)
{
    uint32_t result = is_down ? value - 1 : value + 1;
    loose32_t *carries = (loose32_t *)&interp->flag_carries;
    uint32_t changed = carries[1] + (is_down ? value < 1 : result < 1);     /* bit 0: CF, other if there is a carry */

    flags_set_result(interp, result, 4);
    carries[0] = value ^ result ^ changed << 31;
    return result;
}

/* INC and DEC leave CF alone: the carry out of bit 31 is the old one, and that into it such that OF is right. */
static ALWAYS_INLINE uint32_t alu_step(struct interp *interp, uint32_t value, bool is_down, unsigned bytes)
{
    uint64_t old = interp->flag_carries;

    if (bytes == 4)
        return alu_step4(interp, value, is_down);
    uint32_t result = is_down ? subtract_with_flags(interp, value, 1, 0, bytes) :
                                add_with_flags(interp, value, 1, 0, bytes);
    uint64_t changed = (interp->flag_carries ^ old) & CARRY_CF;

    interp->flag_carries ^= changed | changed >> 1;
    return result;
}

#endif
