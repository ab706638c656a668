/*
 * undefined_flags.c - see undefined_flags.h (PURE).
 */
#include "vpc/x86/undefined_flags.h"

#include <stdbool.h>

#include "cpu/x86.h"

static uint32_t undefined_after_shift(const struct instruction *insn, uint32_t ecx, bool is_rotate, bool is_right)
{
    uint8_t opcode = insn->opcode;
    bool by_cl = opcode == 0xD2 || opcode == 0xD3 || opcode == 0xA5 || opcode == 0xAD;
    unsigned count = (by_cl ? ecx : opcode == 0xD0 || opcode == 0xD1 ? 1 : insn->immediate) & 31;
    unsigned bits = insn->map == MAP_ONE_BYTE && !(opcode & 1) ? 8 : 8u * insn->operand_bytes;
    uint32_t undefined = count == 1 ? 0 : EFLAGS_OF;

    if (count == 0)
        return 0;
    if (is_rotate)
        return undefined;
    return undefined | EFLAGS_AF | (count >= bits && !is_right ? EFLAGS_CF : 0);
}

static uint32_t undefined_one_byte(const struct instruction *insn, uint32_t ecx)
{
    uint8_t opcode = insn->opcode, operation = opcode < 0x40 ? opcode >> 3 : insn->reg;

    if ((opcode < 0x40 && (opcode & 7) < 6) || (opcode >= 0x80 && opcode <= 0x83))
        return operation == 1 || operation == 4 || operation == 6 ? EFLAGS_AF : 0;
    switch (opcode) {
    case 0x84: case 0x85: case 0xA8: case 0xA9:
        return EFLAGS_AF;
    case 0x69: case 0x6B:
        return EFLAGS_SF | EFLAGS_ZF | EFLAGS_AF | EFLAGS_PF;
    case 0x27: case 0x2F:
        return EFLAGS_OF;
    case 0x37: case 0x3F:
        return EFLAGS_OF | EFLAGS_SF | EFLAGS_ZF | EFLAGS_PF;
    case 0xD4: case 0xD5:
        return EFLAGS_OF | EFLAGS_AF | EFLAGS_CF;
    case 0xC0: case 0xC1: case 0xD0: case 0xD1: case 0xD2: case 0xD3:
        return undefined_after_shift(insn, ecx, insn->reg < 4, insn->reg == 7);
    case 0xF6: case 0xF7:
        return insn->reg < 2 ? EFLAGS_AF : insn->reg < 4 ? 0 :
               insn->reg < 6 ? EFLAGS_SF | EFLAGS_ZF | EFLAGS_AF | EFLAGS_PF : EFLAGS_ARITHMETIC;
    default:
        return 0;
    }
}

uint32_t undefined_flags(const struct instruction *insn, uint32_t ecx)
{
    if (insn->map == MAP_ONE_BYTE)
        return undefined_one_byte(insn, ecx);
    switch (insn->opcode) {
    case 0xA3: case 0xAB: case 0xB3: case 0xBB: case 0xBA:
        return EFLAGS_OF | EFLAGS_SF | EFLAGS_AF | EFLAGS_PF;
    case 0xBC: case 0xBD:
        return EFLAGS_OF | EFLAGS_SF | EFLAGS_AF | EFLAGS_PF | EFLAGS_CF;
    case 0xA4: case 0xA5: case 0xAC: case 0xAD:
        return undefined_after_shift(insn, ecx, false, false);
    case 0xAF:
        return EFLAGS_SF | EFLAGS_ZF | EFLAGS_AF | EFLAGS_PF;
    default:
        return 0;
    }
}
