/*
 * threaded_flags.c - steps of what kernels do to EFLAGS all the time (PURE): threaded.h. STI and POPF may let an
 * interrupt in, and are left to their handlers.
 */
#include "vpc/x86/flags.h"
#include "vpc/x86/threaded.h"

STEP(cld)
{
    interp->cpu.eflags &= ~EFLAGS_DF;
    NEXT();
}

STEP(std)
{
    interp->cpu.eflags |= EFLAGS_DF;
    NEXT();
}

STEP(cli)
{
    if (interp->cpu.cpl > (interp->cpu.eflags & EFLAGS_IOPL) >> 12)
        GENERALLY();
    interp->cpu.eflags &= ~EFLAGS_IF;
    NEXT();
}

PUSH_STEP(pushf, flags_read(interp) & ~(EFLAGS_VM | EFLAGS_RF))

step_t threaded_flags_find(const struct instruction *insn)
{
    if (insn->map != MAP_ONE_BYTE)
        return NULL;
    switch (insn->opcode) {
    case 0x9C:
        return step_pushf;
    case 0xFA:
        return step_cli;
    case 0xFC:
        return step_cld;
    case 0xFD:
        return step_std;
    default:
        return NULL;
    }
}
