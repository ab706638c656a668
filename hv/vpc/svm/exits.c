/*
 * exits.c - why a guest was left, and what becomes of it (PURE): svm.h.
 *
 * All that is an instruction is the interpreter's, where fast.c has not done it.
 */
#include "base/check.h"
#include "cpu/x86.h"
#include "vpc/svm/svm.h"

/* One instruction, which comes again: fast.c may do it then. */
static enum exit_reason step_and_learn(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;

    vmcb_get(svm->vmcb, &vpc->interp.cpu);
    site_learn(svm->sites, &vpc->interp);
    return svm_step(vpc, 1);
}

/*
 * The local APIC is asked by some kernels at every turn: who they are. So its page is shown, once it is known that the
 * guest does not look at the count that runs in it.
 */
static bool show_apic(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;

    if (!lapic_may_be_page(&vpc->lapic))
        return false;
    lapic_make_page(&vpc->lapic, svm->apic_page, vpc_now_ns(vpc));
    return nested_show_device(&svm->nested, LAPIC_BASE >> PAGE_SHIFT, ptr_to_hpa(svm->apic_page));
}

/*
 * RAM that is not shown yet, or not for writing; or a device, or nothing. Who stores to the text page again and again
 * mostly stores to all of it: the interpreter, which sees each store, goes on.
 */
static enum exit_reason do_nested_fault(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    uint64_t frame = svm->vmcb->exit_info2 >> PAGE_SHIFT;
    bool is_write = svm->vmcb->exit_info1 & PF_WRITE;

    if (frame == LAPIC_BASE >> PAGE_SHIFT && !is_write && show_apic(vpc))
        return EXIT_BUDGET;
    if (frame >= vpc->ram->frame_count)
        return step_and_learn(vpc);
    if (is_write && frame == svm->nested.read_only)
        return svm_fills_text(svm) ? svm_step(vpc, SVM_BURST) : step_and_learn(vpc);
    svm->is_interrupted |= svm->event != 0;         /* as in svm_step: a touch of 2 MiB is a long one */
    if (!nested_show(&svm->nested, (uint32_t)frame, is_write))
        vpc_lack_memory(vpc);
    return EXIT_BUDGET;
}

/*
 * #DB and #AC are looked at so that a guest which gets one after the other, delivered by the processor for ever, is
 * left in between. One on the way to another event is sorted out by the interpreter.
 */
static enum exit_reason pass_exception(struct vpc *vpc, uint8_t vector)
{
    struct svm *svm = vpc->svm;

    if (svm->event != 0)
        return svm_step(vpc, 1);
    svm->event = VMCB_EVENT_VALID | VMCB_EVENT_EXCEPTION | (vector == EXC_AC ? VMCB_EVENT_HAS_ERROR : 0) | vector;
    svm->event_error = vector == EXC_AC ? (uint32_t)svm->vmcb->exit_info1 : 0;
    svm->vmcb->shadow = 0;
    return EXIT_BUDGET;
}

static enum exit_reason refuse_block(struct vpc *vpc)
{
    vpc_finish(vpc, VPC_END_CRASH, 0, "the processor refuses this state of a virtual PC (VMEXIT_INVALID)");
    return EXIT_STOP;
}

static enum exit_reason handle_exit(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;

    switch ((uint32_t)svm->vmcb->exit_code) {
    case SVM_EXIT_INTR: case SVM_EXIT_NMI: case SVM_EXIT_SMI: case SVM_EXIT_INIT:
        svm->is_interrupted = true;         /* it comes when the host lets it */
        return EXIT_BUDGET;
    case SVM_EXIT_VINTR:
        return EXIT_BUDGET;
    case SVM_EXIT_CPUID: case SVM_EXIT_RDTSC:
        return step_and_learn(vpc);
    case SVM_EXIT_NPF:
        return do_nested_fault(vpc);
    case SVM_EXIT_DB:
        return pass_exception(vpc, EXC_DB);
    case SVM_EXIT_AC:
        return pass_exception(vpc, EXC_AC);
    case SVM_EXIT_MC:
        panic("#MC (machine check) while a virtual PC ran");
    case SVM_EXIT_TASK:
        vpc->interp.cpu.refusals.task_switches++;
        return EXIT_UNSUPPORTED;
    case SVM_EXIT_SHUTDOWN:
        return EXIT_SHUTDOWN;
    case SVM_EXIT_INVALID:
        return refuse_block(vpc);
    default:
        return svm_step(vpc, 1);
    }
}

enum exit_reason svm_handle(struct vpc *vpc)
{
    enum exit_reason reason = handle_exit(vpc);

    nested_check(&vpc->svm->nested);
    return reason;
}
