/*
 * undefined.c - the instructions that are not there (PURE): told to the guest, counted for its owner.
 */
#include "vpc/x86/fault.h"
#include "vpc/x86/operations.h"

bool op_undefined(struct interp *interp, const struct instruction *insn)
{
    struct vcpu_refusals *refusals = &interp->cpu.refusals;

    refusals->undefined++;
    refusals->last_map = insn->map;
    refusals->last_opcode = insn->opcode;
    refusals->last_reg = insn->reg;
    return fault(interp, EXC_UD);
}
