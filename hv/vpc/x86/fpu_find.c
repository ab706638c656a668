/*
 * fpu_find.c - which file has which floating-point instruction, and WAIT (PURE).
 */
#include "vpc/x86/fault.h"
#include "vpc/x86/fpu_operation.h"

/* WAIT is #NM only if both MP and TS are set. */
static bool wait(struct interp *interp, const struct instruction *insn)
{
    (void)insn;
    if ((interp->cpu.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        return fault(interp, EXC_NM);
    return !(interp->cpu.fpu[FPU_STATUS] & FPU_STATUS_ES) || fault(interp, EXC_MF);
}

handler_t fpu_find(const struct instruction *insn)
{
    if (insn->map == MAP_TWO_BYTES)
        return insn->opcode == 0xAE ? fxstate_find(insn) : sse_find(insn);
    return insn->opcode == 0x9B ? wait : x87_find(insn);
}
