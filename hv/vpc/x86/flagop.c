/*
 * flagop.c - EFLAGS (PURE). SDM vol. 2 "CLC" to "STI", "PUSHF", "POPF", "LAHF", "SAHF".
 */
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"
#include "vpc/x86/operations.h"
#include "vpc/x86/state.h"

static bool carry_operation(struct interp *interp, const struct instruction *insn)
{
    uint32_t cf = insn->opcode == 0xF5 ? !flag_cf(interp) : insn->opcode & 1;     /* CMC; F8 CLC, F9 STC */

    flags_set_carry_overflow(interp, cf, flag_of(interp));
    return true;
}

static bool direction_operation(struct interp *interp, const struct instruction *insn)
{
    interp->cpu.eflags &= ~EFLAGS_DF;
    if (insn->opcode & 1)
        interp->cpu.eflags |= EFLAGS_DF;
    return true;
}

static bool may_change_if(const struct vcpu *cpu)
{
    return cpu->cpl <= (cpu->eflags & EFLAGS_IOPL) >> 12;
}

static bool cli(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    if (!may_change_if(&interp->cpu))
        return general_protection(interp);
    interp->cpu.eflags &= ~EFLAGS_IF;
    return true;
}

/* Interrupts wait for one instruction more, if they were masked before. */
static bool sti(struct interp *interp, const struct instruction *insn)
{
    struct vcpu *cpu = &interp->cpu;

    (void)insn;
    if (!may_change_if(cpu))
        return general_protection(interp);
    if (!(cpu->eflags & EFLAGS_IF)) {
        cpu->eflags |= EFLAGS_IF;
        cpu->shadow = SHADOW_STI;
        interp->has_attention = true;
    }
    return true;
}

/* VM and RF read 0. */
static ALWAYS_INLINE bool pushf(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    (void)insn;
    return push_value(interp, bytes, flags_read(interp) & ~(EFLAGS_VM | EFLAGS_RF));
}
FOR_WORDS(pushf)

/* What is not this privilege's to change stays, without a fault. */
static ALWAYS_INLINE bool popf(struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    struct vcpu *cpu = &interp->cpu;
    uint32_t value, mask = EFLAGS_ARITHMETIC | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT;

    (void)insn;
    if (!peek_value(interp, 0, bytes, &value))
        return false;
    move_stack(interp, bytes);
    if (bytes == 4)
        mask |= EFLAGS_AC | EFLAGS_ID;
    if (may_change_if(cpu))
        mask |= EFLAGS_IF;
    if (cpu->cpl == 0)
        mask |= EFLAGS_IOPL;
    state_set_eflags(interp, (flags_read(interp) & ~(mask | EFLAGS_RF)) | (value & mask));
    return true;
}
FOR_WORDS(popf)

static bool lahf(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    set_register(interp, 4, 1, flags_read(interp));
    return true;
}

/* OF stays. */
static bool sahf(struct interp *interp, const struct instruction *insn)
{
    uint32_t ah = get_register(interp, 4, 1);

    (void)insn;
    flags_set_arithmetic(interp, (flags_arithmetic(interp) & EFLAGS_OF) | (ah & EFLAGS_ARITHMETIC));
    return true;
}

handler_t flagop_find(const struct instruction *insn)
{
    switch (insn->opcode) {
    case 0x9C:
        return BY_OPERAND(pushf, insn);
    case 0x9D:
        return BY_OPERAND(popf, insn);
    case 0x9E:
        return sahf;
    case 0x9F:
        return lahf;
    case 0xFA:
        return cli;
    case 0xFB:
        return sti;
    case 0xFC: case 0xFD:
        return direction_operation;
    default:
        return carry_operation;
    }
}
