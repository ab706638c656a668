/*
 * step.c - what the processor does not execute by itself (PURE): svm.h.
 */
#include "cpu/x86.h"
#include "vpc/svm/svm.h"

void svm_store_unit(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;

    if (svm->is_unit_loaded)
        svm->host->save_fpu(vpc->interp.cpu.fpu);
    svm->is_unit_loaded = false;
}

void svm_put_tsc(struct vpc *vpc)
{
    const struct vpc_clock *clock = &vpc->clock;

    vmcb_put_tsc(vpc->svm->vmcb, clock->tsc_offset + vpc->interp.cpu.tsc_offset,
                 clock->host_tsc == NULL || vpc->svm->steps_by != svm_step);
}

/*
 * Nobody but an instruction of this guest's sends an NMI, so it begins behind that one. A stop that was asked for stays
 * one.
 */
static enum exit_reason begin_nmi(struct interp *interp, enum exit_reason reason)
{
    bool stops = interp_is_stopping(interp);
    enum exit_reason begun = interp_run(interp, 1);

    if (stops)
        interp_stop(interp);
    return begun == EXIT_BUDGET ? reason : begun;
}

/*
 * Who executes a change of CR0, CR3 or CR4, or INVLPG, for a guest does for its tag, too, what the processor would have
 * done: translations made before are not used any more. Who turns a breakpoint on is not entered any more: svm_run.c.
 * An entry with an event, which is left for in its delivery, has not looked for the host's interrupts: so they have the
 * next word, or a guest with one such event after the other would never let them in.
 */
enum exit_reason svm_step(struct vpc *vpc, uint64_t instructions)
{
    struct svm *svm = vpc->svm;
    struct interp *interp = &vpc->interp;
    uint32_t event = svm->event, vector = event & VMCB_EVENT_VECTOR, type = event & VMCB_EVENT_TYPE;
    uint64_t tsc_offset = interp->cpu.tsc_offset;
    enum exit_reason reason;

    if (vpc->end != VPC_END_NONE)
        return EXIT_STOP;               /* memory was out as its instruction was looked at; a run forgets stops */
    vmcb_get(svm->vmcb, &interp->cpu);
    if (interp->cpu.eflags & EFLAGS_VM) {
        vpc_finish(vpc, VPC_END_CRASH, 0, "virtual-8086 mode did something that has to be emulated");
        return EXIT_STOP;
    }
    svm_store_unit(vpc);                /* FXSAVE and its like take it from the image */
    interp_flush(interp);
    uint32_t flushes = interp_flushes(interp);
    svm->event = 0;
    if (instructions > 1 && vpc->exits_left > VPC_RUN_EXITS)
        vpc->exits_left = VPC_RUN_EXITS;
    if (event != 0) {
        reason = interp_deliver(interp, (uint8_t)vector, type != VMCB_EVENT_EXCEPTION,
                                event & VMCB_EVENT_HAS_ERROR ? &svm->event_error : NULL);
        svm->is_interrupted = true;
    } else {
        reason = interp_run(interp, instructions);
    }
    if ((reason == EXIT_BUDGET || reason == EXIT_STOP) && interp->cpu.has_nmi && !interp->cpu.is_in_nmi)
        reason = begin_nmi(interp, reason);
    svm->is_interrupted |= interp_is_watched(interp);
    svm->nested.must_flush |= interp_flushes(interp) != flushes;
    vmcb_put(svm->vmcb, &interp->cpu);
    if (interp->cpu.tsc_offset != tsc_offset)
        svm_put_tsc(vpc);                   /* it wrote its counter */
    return reason;
}
