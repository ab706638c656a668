/*
 * threaded_space.c - the step of a load of CR3 (PURE): threaded.h. Code and stack mostly lie in the new space where
 * they lay in the old one, so the next steps need not ask.
 */
#include "vpc/x86/state.h"
#include "vpc/x86/threaded.h"

STEP(mov_to_cr3)
{
    if (interp->cpu.cpl != 0)
        GENERALLY();
    interp->cpu.cr3 = interp->cpu.gpr[memo->insn.rm];
    state_change_space(interp);
    stack_open(interp, interp->cpu.gpr[GPR_ESP]);
    GO_TO((uint32_t)eip);
}

step_t threaded_space_find(const struct instruction *insn)
{
    return insn->map == MAP_TWO_BYTES && insn->opcode == 0x22 && insn->reg == 3 ? step_mov_to_cr3 : NULL;
}
