/*
 * fpu_operation.c - the floating-point unit: whether it may be used, and its use (PURE).
 */
#include "vpc/x86/fpu_operation.h"

#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"

#define NEAR_RETURN 0xC3u

void fpu_run(struct interp *interp, struct fpu_operation *operation)
{
    operation->eax = interp->cpu.gpr[GPR_EAX];
    operation->eflags = flags_arithmetic(interp);
    operation->bytes[operation->length] = NEAR_RETURN;
    interp->bus->fpu_execute(&interp->cpu, operation);
    store(interp->cpu.fpu + FPU_MXCSR_MASK, 4, MXCSR_KNOWN);
    interp->cpu.gpr[GPR_EAX] = operation->eax;
    flags_set_arithmetic(interp, operation->eflags);
}

bool fpu_is_ready(struct interp *interp, bool is_waiting)
{
    if (interp->bus->fpu_execute == NULL)
        return fault(interp, EXC_UD);
    if (interp->cpu.cr0 & (CR0_EM | CR0_TS))
        return fault(interp, EXC_NM);
    if (is_waiting && interp->cpu.fpu[FPU_STATUS] & FPU_STATUS_ES)
        return fault(interp, EXC_MF);
    return true;
}
