/*
 * step.c - what the processor does not execute by itself (PURE): svm.h.
 */
#include "cpu/x86.h"
#include "vpc/svm/svm.h"

enum exit_reason svm_step(struct vpc *vpc, uint64_t instructions)
{
    struct svm *svm = vpc->svm;
    struct interp *interp = &vpc->interp;
    uint32_t event = svm->event, vector = event & VMCB_EVENT_VECTOR, type = event & VMCB_EVENT_TYPE;
    enum exit_reason reason;

    vmcb_get(svm->vmcb, &interp->cpu);
    if (interp->cpu.eflags & EFLAGS_VM) {
        vpc_finish(vpc, VPC_END_CRASH, 0, "virtual-8086 mode did something that has to be emulated");
        return EXIT_STOP;
    }
    interp_flush(interp);
    svm->event = 0;
    if (event != 0)
        reason = interp_deliver(interp, (uint8_t)vector, type == VMCB_EVENT_INTERRUPT,
                                event & VMCB_EVENT_HAS_ERROR ? &svm->event_error : NULL);
    else
        reason = interp_run(interp, instructions);
    vmcb_put(svm->vmcb, &interp->cpu);
    return reason;
}
