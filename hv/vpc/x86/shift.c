/*
 * shift.c - rotates and shifts (PURE). SDM vol. 2 "RCL/RCR/ROL/ROR", "SAL/SAR/SHL/SHR", "SHLD", "SHRD".
 *
 * A count of 0 changes nothing. What the manual leaves undefined (OF of longer ones, AF) is what the last of that many
 * single steps would give, or 0.
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

/* By the reg field. 6 is SHL again. */
enum { SHIFT_ROL, SHIFT_ROR, SHIFT_RCL, SHIFT_RCR, SHIFT_SHL, SHIFT_SHR, SHIFT_SAL, SHIFT_SAR };

static ALWAYS_INLINE uint32_t top_bit(uint32_t value, unsigned bits)
{
    return value >> (bits - 1) & 1;
}

static ALWAYS_INLINE uint32_t rotate(struct interp *interp, bool is_left, uint32_t value, unsigned count,
                                     unsigned bytes)
{
    unsigned bits = 8 * bytes, by = (is_left ? count : bits - count % bits) % bits;
    uint64_t wide = (uint64_t)value << by;
    uint32_t result = (uint32_t)(wide | wide >> bits);
    uint32_t top = top_bit(result, bits);

    if (is_left)
        flags_set_carry_overflow(interp, result & 1, (result & 1) ^ top);
    else
        flags_set_carry_overflow(interp, top, top ^ top_bit(result << 1, bits));
    return result;
}

/* CF is one bit more of what goes round. */
static ALWAYS_INLINE uint32_t rotate_carry(struct interp *interp, bool is_left, uint32_t value, unsigned count,
                                           unsigned bytes)
{
    unsigned bits = 8 * bytes, by = count % (bits + 1);
    uint64_t wide = (uint64_t)flag_cf(interp) << bits | value;

    if (by == 0)
        return value;
    if (!is_left)
        by = bits + 1 - by;
    wide = (wide << by | wide >> (bits + 1 - by)) & (((uint64_t)2 << bits) - 1);
    uint32_t result = (uint32_t)wide, cf = (uint32_t)(wide >> bits), top = top_bit(result, bits);
    flags_set_carry_overflow(interp, cf, is_left ? cf ^ top : top ^ top_bit(result << 1, bits));
    return result;
}

static ALWAYS_INLINE uint32_t shift_left(struct interp *interp, uint32_t value, unsigned count, unsigned bytes)
{
    unsigned bits = 8 * bytes;
    uint64_t wide = (uint64_t)value << count;
    uint32_t result = (uint32_t)wide, cf = (uint32_t)(wide >> bits) & 1;

    flags_set_result(interp, result, bytes);
    interp->flag_carries = 0;
    flags_set_carry_overflow(interp, cf, cf ^ top_bit(result, bits));
    return result;
}

static ALWAYS_INLINE uint32_t shift_right(struct interp *interp, bool is_signed, uint32_t value, unsigned count,
                                          unsigned bytes)
{
    int64_t wide = is_signed ? sign_extend(value, bytes) : (int64_t)value;
    uint32_t result = (uint32_t)(wide >> count), cf = (uint32_t)(wide >> (count - 1)) & 1;

    flags_set_result(interp, result, bytes);
    interp->flag_carries = 0;
    flags_set_carry_overflow(interp, cf, is_signed ? 0 : top_bit(value, 8 * bytes));
    return result;
}

static ALWAYS_INLINE uint32_t shift(struct interp *interp, unsigned operation, uint32_t value, unsigned count,
                                    unsigned bytes)
{
    switch (operation) {
    case SHIFT_ROL: case SHIFT_ROR:
        return rotate(interp, operation == SHIFT_ROL, value, count, bytes);
    case SHIFT_RCL: case SHIFT_RCR:
        return rotate_carry(interp, operation == SHIFT_RCL, value, count, bytes);
    case SHIFT_SHL: case SHIFT_SAL:
        return shift_left(interp, value, count, bytes);
    default:
        return shift_right(interp, operation == SHIFT_SAR, value, count, bytes);
    }
}

static ALWAYS_INLINE bool shift_rm(struct interp *interp, const struct instruction *insn, unsigned count,
                                   unsigned bytes)
{
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    if ((count & 31) != 0)
        store(operand, bytes, shift(interp, insn->reg, load(operand, bytes), count & 31, bytes));
    return finish(interp, operand);
}

static ALWAYS_INLINE bool shift_rm_imm(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return shift_rm(interp, insn, insn->immediate, bytes);
}
FOR_SIZES(shift_rm_imm)

static ALWAYS_INLINE bool shift_rm_one(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return shift_rm(interp, insn, 1, bytes);
}
FOR_SIZES(shift_rm_one)

static ALWAYS_INLINE bool shift_rm_cl(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    return shift_rm(interp, insn, interp->cpu.gpr[GPR_ECX], bytes);
}
FOR_SIZES(shift_rm_cl)

/*
 * SHLD and SHRD: the operand is shifted, and filled from the register. With more than 16 on 16 bits, which the manual
 * leaves undefined, the operand itself follows.
 */
static ALWAYS_INLINE bool shift_double(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    unsigned count = (insn->opcode & 1 ? interp->cpu.gpr[GPR_ECX] : insn->immediate) & 31;
    unsigned bits = 8 * bytes;
    bool is_right = insn->opcode >= 0xA8;
    uint64_t filler = get_register(interp, insn->reg, bytes);
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    if (count == 0)
        return finish(interp, operand);
    uint64_t value = load(operand, bytes);
    uint64_t wide = is_right ? filler << bits | value : value << bits | filler;
    if (bits == 16)
        wide = is_right ? value << 32 | wide : wide << 16 | value;
    uint32_t result = (uint32_t)(is_right ? wide >> count : wide << count >> 32);
    uint32_t cf = (uint32_t)(is_right ? wide >> (count - 1) : wide >> (32 + bits - count)) & 1;
    flags_set_result(interp, result, bytes);
    interp->flag_carries = 0;
    flags_set_carry_overflow(interp, cf, top_bit(result, bits) ^ top_bit((uint32_t)value, bits));
    store(operand, bytes, result);
    return finish(interp, operand);
}
FOR_WORDS(shift_double)

handler_t shift_find(const struct instruction *insn)
{
    if (insn->map == MAP_TWO_BYTES)
        return BY_OPERAND(shift_double, insn);
    if (insn->opcode < 0xD0)
        return BY_OPCODE(shift_rm_imm, insn);
    return insn->opcode < 0xD2 ? BY_OPCODE(shift_rm_one, insn) : BY_OPCODE(shift_rm_cl, insn);
}
