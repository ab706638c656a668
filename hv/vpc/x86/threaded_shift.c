/*
 * threaded_shift.c - steps of shifts and rotates of a register by a number (PURE): threaded.h, shift.c.
 */
#include "vpc/x86/flags.h"
#include "vpc/x86/threaded.h"

#define GPR(number) interp->cpu.gpr[memo->insn.number]

/* count is 1 to 31. A shift sets all flags: the last bit that went out is CF, AF is undefined. */
static ALWAYS_INLINE uint32_t shifted_left(struct interp *interp, uint32_t value, unsigned count)
{
    uint64_t wide = (uint64_t)value << count;

    flags_set_result(interp, (uint32_t)wide, 4);
    /* Bit 31 differs from the carry out where the sign differs from CF. */
    interp->flag_carries = wide & (CARRY_CF | CARRY_SIGN);
    return (uint32_t)wide;
}

static ALWAYS_INLINE uint32_t shifted_right(struct interp *interp, bool is_signed, uint32_t value, unsigned count)
{
    int64_t wide = is_signed ? (int32_t)value : (int64_t)value;
    uint32_t result = (uint32_t)(wide >> count), cf = (uint32_t)(wide >> (count - 1)) & 1;

    flags_set_result(interp, result, 4);
    interp->flag_carries = 0;
    flags_set_carry_overflow(interp, cf, is_signed ? 0 : value >> 31);
    return result;
}

static ALWAYS_INLINE uint32_t rotated_left(struct interp *interp, uint32_t value, unsigned count)
{
    uint32_t result = value << count | value >> (32 - count);

    flags_set_carry_overflow(interp, result & 1, (result & 1) ^ result >> 31);
    return result;
}

static ALWAYS_INLINE uint32_t rotated_right(struct interp *interp, uint32_t value, unsigned count)
{
    uint32_t result = value >> count | value << (32 - count);

    flags_set_carry_overflow(interp, result >> 31, (result >> 31 ^ result >> 30) & 1);
    return result;
}

#define SHIFT_STEP(name, shifted)                                                                           \
    STEP(name)                                                                                              \
    {                                                                                                       \
        unsigned count = memo->insn.immediate & 31;                                                         \
        uint32_t value = GPR(rm);                                                                           \
        GPR(rm) = shifted;                                                                                  \
        NEXT();                                                                                             \
    }
SHIFT_STEP(shl_imm, shifted_left(interp, value, count))
SHIFT_STEP(shr_imm, shifted_right(interp, false, value, count))
SHIFT_STEP(sar_imm, shifted_right(interp, true, value, count))
SHIFT_STEP(rol_imm, rotated_left(interp, value, count))
SHIFT_STEP(ror_imm, rotated_right(interp, value, count))

#define SHIFT_ONE_STEP(name, shifted)                                                                       \
    STEP(name)                                                                                              \
    {                                                                                                       \
        uint32_t value = GPR(rm);                                                                           \
        GPR(rm) = shifted;                                                                                  \
        NEXT();                                                                                             \
    }
SHIFT_ONE_STEP(shl_one, shifted_left(interp, value, 1))
SHIFT_ONE_STEP(shr_one, shifted_right(interp, false, value, 1))
SHIFT_ONE_STEP(sar_one, shifted_right(interp, true, value, 1))

step_t threaded_shift_find(const struct instruction *insn)
{
    static const step_t by_immediate[8] = { step_rol_imm, step_ror_imm, NULL, NULL,
                                            step_shl_imm, step_shr_imm, NULL, step_sar_imm };
    static const step_t by_one[8] = { NULL, NULL, NULL, NULL, step_shl_one, step_shr_one, NULL, step_sar_one };

    if (insn->map != MAP_ONE_BYTE || !insn->is_register)
        return NULL;
    if (insn->opcode == 0xC1 && (insn->immediate & 31) != 0)
        return by_immediate[insn->reg];
    return insn->opcode == 0xD1 ? by_one[insn->reg] : NULL;
}
