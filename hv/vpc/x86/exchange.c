/*
 * exchange.c - exchanges and compare-exchanges (PURE). SDM vol. 2 "XCHG", "XADD", "CMPXCHG", "CMPXCHG8B".
 *
 * One processor has this memory for itself while an instruction lasts, so LOCK asks for nothing more.
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"

static ALWAYS_INLINE bool xchg_rm_reg(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    uint32_t value = load(operand, bytes);
    store(operand, bytes, get_register(interp, insn->reg, bytes));
    set_register(interp, insn->reg, bytes, value);
    return finish(interp, operand);
}
FOR_SIZES(xchg_rm_reg)

static ALWAYS_INLINE bool xchg_acc(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t value = get_register(interp, GPR_EAX, bytes);

    set_register(interp, GPR_EAX, bytes, get_register(interp, insn->opcode & 7, bytes));
    set_register(interp, insn->opcode & 7, bytes, value);
    return true;
}
FOR_WORDS(xchg_acc)

static ALWAYS_INLINE bool xadd(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    uint32_t value = load(operand, bytes), addend = get_register(interp, insn->reg, bytes);
    uint32_t sum = add_with_flags(interp, value, addend, 0, bytes);
    set_register(interp, insn->reg, bytes, value);
    store(operand, bytes, sum);     /* last: with one register for both, the sum stays */
    return finish(interp, operand);
}
FOR_SIZES(xadd)

/*
 * The destination is written in both cases, with the value that it has if they differ: a page that may not be written
 * faults either way. SDM vol. 2 "CMPXCHG".
 */
static ALWAYS_INLINE bool cmpxchg(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    void *operand = modify_rm(interp, insn, bytes);

    if (operand == NULL)
        return false;
    uint32_t value = load(operand, bytes), wanted = get_register(interp, GPR_EAX, bytes);
    subtract_with_flags(interp, wanted, value, 0, bytes);
    if (value == wanted)
        store(operand, bytes, get_register(interp, insn->reg, bytes));
    else
        set_register(interp, GPR_EAX, bytes, value);
    return finish(interp, operand);
}
FOR_SIZES(cmpxchg)

static bool cmpxchg8b(struct interp *interp, const struct instruction *insn)
{
    uint32_t *gpr = interp->cpu.gpr;
    loose64_t *operand = modify_at(interp, insn->segment, operand_offset(interp, insn), 8);

    if (operand == NULL)
        return false;
    uint64_t value = *operand, wanted = (uint64_t)gpr[GPR_EDX] << 32 | gpr[GPR_EAX];
    uint32_t eflags = flags_arithmetic(interp) & ~EFLAGS_ZF;
    if (value == wanted) {
        *operand = (uint64_t)gpr[GPR_ECX] << 32 | gpr[GPR_EBX];
        eflags |= EFLAGS_ZF;
    } else {
        gpr[GPR_EAX] = (uint32_t)value;
        gpr[GPR_EDX] = (uint32_t)(value >> 32);
    }
    flags_set_arithmetic(interp, eflags);
    return finish(interp, operand);
}

handler_t exchange_find(const struct instruction *insn)
{
    if (insn->map == MAP_ONE_BYTE)
        return insn->opcode >= 0x90 ? BY_OPERAND(xchg_acc, insn) : BY_OPCODE(xchg_rm_reg, insn);
    switch (insn->opcode) {
    case 0xB0: case 0xB1:
        return BY_OPCODE(cmpxchg, insn);
    case 0xC0: case 0xC1:
        return BY_OPCODE(xadd, insn);
    default:
        return insn->reg == 1 && !insn->is_register ? cmpxchg8b : NULL;
    }
}
