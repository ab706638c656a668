/*
 * exits.c - why a guest was left, and what becomes of it (PURE): svm.h.
 *
 * Ports go straight to the bus; all that is an instruction otherwise is the interpreter's.
 */
#include "base/check.h"
#include "base/format.h"
#include "cpu/x86.h"
#include "vpc/svm/svm.h"

/*
 * Who stores to the text page mostly stores to all of it: the interpreter, which sees each store, goes on for so many
 * instructions. It has done them before the guest would have been entered and left for some five.
 */
#define TEXT_BURST 2000u

/* IN and OUT of one value. Single steps, strings, and the BIOS, which wants all registers, are the interpreter's. */
static enum exit_reason do_port(struct vpc *vpc)
{
    struct vmcb *vmcb = vpc->svm->vmcb;
    uint32_t info = (uint32_t)vmcb->exit_info1;
    unsigned bytes = info >> SVM_IO_BYTES_SHIFT & 7;
    uint16_t port = (uint16_t)(info >> SVM_IO_PORT_SHIFT);
    uint32_t mask = bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1;

    if (info & SVM_IO_STRING || vmcb->rflags & (EFLAGS_TF | EFLAGS_VM) || bytes == 0 ||
        port - BIOS_PORT < BIOS_CALLS)
        return svm_step(vpc, 1);
    vpc->interp.start_eip = (uint32_t)vmcb->rip;
    vmcb->rip = (uint32_t)vmcb->exit_info2;
    vmcb->rflags &= ~(uint64_t)EFLAGS_RF;
    vmcb->shadow = 0;
    if (info & SVM_IO_IN) {
        uint32_t value = vpc->bus.port_read(vpc->bus.context, port, bytes);
        vmcb->rax = ((uint32_t)vmcb->rax & ~mask) | (value & mask);
    } else {
        vpc->bus.port_write(vpc->bus.context, port, bytes, (uint32_t)vmcb->rax & mask);
    }
    return EXIT_BUDGET;
}

#ifdef COBBLE_AUDIT
static void audit_tables(const struct vpc *vpc)
{
    char why[160];

    if (!nested_audit(&vpc->svm->nested, why, sizeof(why)))
        panic("audit: %s", why);
}
#else
static void audit_tables(const struct vpc *vpc)
{
    (void)vpc;
}
#endif

/* RAM that is not shown yet, or not for writing; or a device, or nothing. */
static enum exit_reason do_nested_fault(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    uint64_t frame = svm->vmcb->exit_info2 >> PAGE_SHIFT;
    bool is_write = svm->vmcb->exit_info1 & PF_WRITE;

    if (frame >= vpc->ram->frame_count)
        return svm_step(vpc, 1);
    if (is_write && frame == svm->nested.read_only)
        return svm_step(vpc, TEXT_BURST);
    if (!nested_show(&svm->nested, (uint32_t)frame, is_write))
        vpc_finish(vpc, VPC_END_MEMORY, 0, "the machine has no memory left for this virtual PC's");
    audit_tables(vpc);
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
    return EXIT_BUDGET;
}

static enum exit_reason refuse_block(struct vpc *vpc)
{
    vpc_finish(vpc, VPC_END_CRASH, 0, "the processor refuses this state of a virtual PC (VMEXIT_INVALID)");
    return EXIT_STOP;
}

enum exit_reason svm_handle(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;

    switch ((uint32_t)svm->vmcb->exit_code) {
    case SVM_EXIT_INTR: case SVM_EXIT_NMI: case SVM_EXIT_SMI: case SVM_EXIT_INIT:
        svm->is_interrupted = true;         /* it comes when the host lets it */
        return EXIT_BUDGET;
    case SVM_EXIT_VINTR:
        return EXIT_BUDGET;
    case SVM_EXIT_IOIO:
        return do_port(vpc);
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
