/*
 * bcd.c - decimal adjustments (PURE). SDM vol. 2 "AAA", "AAD", "AAM", "AAS", "DAA", "DAS".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

static void set_flags(struct interp *interp, uint8_t al, bool af, bool cf)
{
    flags_set_result(interp, al, 1);
    interp->flag_carries = af ? CARRY_AF : 0;
    flags_set_carry_overflow(interp, cf, 0);
}

static bool daa(struct interp *interp, const struct instruction *insn)
{
    uint8_t al = (uint8_t)interp->cpu.gpr[GPR_EAX], adjusted = al;
    bool af = interp->flag_carries & CARRY_AF || (al & 15) > 9;
    bool cf = flag_cf(interp) || al > 0x99;
    uint8_t by = (uint8_t)((af ? 6 : 0) + (cf ? 0x60 : 0));

    adjusted = (uint8_t)(insn->opcode == 0x27 ? al + by : al - by);
    /* DAS: a borrow of the first step is one of the whole. */
    if (insn->opcode == 0x2F && af && al < 6)
        cf = true;
    set_register(interp, GPR_EAX, 1, adjusted);
    set_flags(interp, adjusted, af, cf);
    return true;
}

static bool aaa(struct interp *interp, const struct instruction *insn)
{
    uint16_t ax = (uint16_t)interp->cpu.gpr[GPR_EAX];
    bool carries = interp->flag_carries & CARRY_AF || (ax & 15) > 9;

    if (carries)
        ax = (uint16_t)(insn->opcode == 0x37 ? ax + 0x106 : ax - 0x106);
    set_register(interp, GPR_EAX, 2, ax & 0xFF0F);
    set_flags(interp, ax & 0x0F, carries, carries);
    return true;
}

static bool aam(struct interp *interp, const struct instruction *insn)
{
    uint8_t al = (uint8_t)interp->cpu.gpr[GPR_EAX], base = (uint8_t)insn->immediate;

    if (base == 0)
        return fault(interp, EXC_DE);
    set_register(interp, GPR_EAX, 2, (uint32_t)(al / base) << 8 | al % base);
    set_flags(interp, al % base, false, false);
    return true;
}

static bool aad(struct interp *interp, const struct instruction *insn)
{
    uint32_t ax = interp->cpu.gpr[GPR_EAX];
    uint8_t al = (uint8_t)(ax + (ax >> 8 & 0xFF) * (insn->immediate & 0xFF));

    set_register(interp, GPR_EAX, 2, al);
    set_flags(interp, al, false, false);
    return true;
}

handler_t bcd_find(const struct instruction *insn)
{
    switch (insn->opcode) {
    case 0x27: case 0x2F:
        return daa;
    case 0x37: case 0x3F:
        return aaa;
    case 0xD4:
        return aam;
    default:
        return aad;
    }
}
