/*
 * svm_run.c - enter, leave, see why, enter again (PURE): svm.h.
 *
 * An interrupt of the PC's is given by event injection, when the guest can take it; when it cannot, a virtual
 * interrupt is only what tells when. So an interrupt's vector is asked for at the moment at which it begins, as on a
 * bus, and what was begun and left half done is in EXITINTINFO.
 */
#include "vpc/svm/svm.h"

#include "cpu/x86.h"

static struct vpc *vpc_of_cpu(struct vcpu *cpu)
{
    struct interp *interp = (struct interp *)((char *)cpu - offsetof(struct interp, cpu));

    return (struct vpc *)((char *)interp - offsetof(struct vpc, interp));
}

static void store_unit(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;

    if (svm->is_unit_loaded)
        svm->host->save_fpu(vpc->interp.cpu.fpu);
    svm->is_unit_loaded = false;
}

/* bus.fpu_execute: of the image, which must be the guest's. */
static void execute_unit(struct vcpu *cpu, struct fpu_operation *operation)
{
    struct vpc *vpc = vpc_of_cpu(cpu);

    store_unit(vpc);
    vpc->unit(cpu, operation);
}

/* An interrupt waits, and the guest can take it now. */
static bool is_open(const struct vmcb *vmcb)
{
    return vmcb->rflags & EFLAGS_IF && !(vmcb->shadow & 1);
}

static void want_window(struct vmcb *vmcb, bool is_wanted)
{
    vmcb->interrupt_control &= ~VMCB_V_IRQ;
    vmcb->intercepts[0] &= ~VMCB_INTERCEPT0_VINTR;
    if (is_wanted) {
        vmcb->interrupt_control |= VMCB_V_IRQ;
        vmcb->intercepts[0] |= VMCB_INTERCEPT0_VINTR;
    }
}

/*
 * What is to be delivered with the next entry. A shadow that an entry would lose (QEMU forgets it) is over when the
 * interpreter has executed the instruction in it: an interrupt between STI and HLT would be slept through.
 */
static enum exit_reason prepare(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    struct vmcb *vmcb = svm->vmcb;
    struct vcpu *cpu = &vpc->interp.cpu;

    if (cpu->has_interrupt && svm->event == 0 && vmcb->rflags & EFLAGS_IF && vmcb->shadow & 1) {
        enum exit_reason reason = svm_step(vpc, 1);
        if (reason != EXIT_BUDGET || cpu->is_halted)
            return reason;
    }
    if (cpu->has_interrupt && svm->event == 0 && is_open(vmcb)) {
        vpc->interp.start_eip = (uint32_t)vmcb->rip;
        svm->event = VMCB_EVENT_VALID | VMCB_EVENT_INTERRUPT | vpc->bus.acknowledge(vpc->bus.context);
        cpu->is_halted = false;
    }
    if (cpu->is_halted)
        return EXIT_HLT;
    want_window(vmcb, cpu->has_interrupt);
    vmcb->event = svm->event;
    vmcb->event_error = svm->event_error;
    return EXIT_BUDGET;
}

static void enter_svm(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    struct vmcb *vmcb = svm->vmcb;

    if (!svm->is_unit_loaded)
        svm->host->load_fpu(vpc->interp.cpu.fpu);
    svm->is_unit_loaded = true;
    if (svm->nested.must_flush)
        asid_leave(&svm->asid);
    svm->nested.must_flush = false;
    vmcb->tlb_control = asid_take(svm->host->asids, &svm->asid) ? VMCB_FLUSH_ALL : 0;
    vmcb->asid = svm->asid.number;
    svm->host->enter(vpc->interp.cpu.gpr, ptr_to_hpa(vmcb));
    svm->exits++;
    svm->event = 0;
}

/*
 * What was under way when the guest was left is to be done again: what comes from outside by its vector. INT n, INT3
 * and INTO stand at EIP still, and are executed again.
 */
static void keep_event(struct svm *svm)
{
    uint32_t event = svm->vmcb->exit_event, vector = event & VMCB_EVENT_VECTOR, type = event & VMCB_EVENT_TYPE;

    if (!(event & VMCB_EVENT_VALID) || type == VMCB_EVENT_SOFTWARE)
        return;
    if (type == VMCB_EVENT_EXCEPTION && (vector == EXC_BP || vector == EXC_OF))
        return;
    svm->event = event & (VMCB_EVENT_VALID | VMCB_EVENT_HAS_ERROR | VMCB_EVENT_TYPE | VMCB_EVENT_VECTOR);
    svm->event_error = svm->vmcb->exit_event_error;
}

#define MOVE_EXITS 16u
#define MOVE_INSTRUCTIONS 3000u

/*
 * After some exits the guest moves to the interpreter, and back after some instructions: how many is different each
 * time (xorshift32, Marsaglia 2003), and the same ones for each guest.
 */
static enum exit_reason move(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    uint32_t random = svm->move_random != 0 ? svm->move_random : 1;

    if (!svm->moves || svm->exits_to_move-- > 0)
        return EXIT_BUDGET;
    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    svm->move_random = random;
    svm->exits_to_move = random % MOVE_EXITS;
    return svm_step(vpc, 1 + (random >> 8) % MOVE_INSTRUCTIONS);
}

/* A device has moved its time, or a stop was asked for, or the PC has ended: who runs it looks around. */
static bool is_over(const struct vpc *vpc)
{
    return vpc->interp.is_stopping || vpc->due_ns != vpc->svm->alarm_ns;
}

/* vpc->engine: until an interrupt of the host's, or as interp_run. The number of instructions is not kept. */
static enum exit_reason svm_run(struct vpc *vpc, uint64_t instructions)
{
    struct svm *svm = vpc->svm;
    enum exit_reason reason;

    (void)instructions;
    svm->is_interrupted = false;
    svm->runs++;
    vpc->interp.is_stopping = false;
    svm->alarm_ns = vpc->due_ns;
    svm->host->set_alarm(vpc->clock.owner, vpc->due_ns);
    vmcb_put(svm->vmcb, &vpc->interp.cpu);
    svm->host->begin();
    do {
        reason = prepare(vpc);
        if (reason != EXIT_BUDGET)
            break;
        enter_svm(vpc);
        keep_event(svm);
        reason = svm_handle(vpc);
        if (reason == EXIT_BUDGET && !vpc->interp.is_stopping)
            reason = move(vpc);
    } while (reason == EXIT_BUDGET && !svm->is_interrupted && !is_over(vpc));
    svm->host->end();
    vmcb_get(svm->vmcb, &vpc->interp.cpu);
    store_unit(vpc);
    return vpc->interp.is_stopping && reason == EXIT_BUDGET ? EXIT_STOP : reason;
}

bool svm_attach(struct vpc *vpc, struct svm *svm, const struct svm_host *host, hpa_t vmcb, hpa_t ones)
{
    *svm = (struct svm){ .host = host, .vmcb = hpa_to_ptr(vmcb) };
    if (!nested_create(&svm->nested, vpc->ram, TEXT_PAGE_BASE >> PAGE_SHIFT))
        return false;
    vmcb_init(svm->vmcb, ones, svm->nested.root);
    vpc->svm = svm;
    vpc->engine = svm_run;
    vpc->unit = vpc->bus.fpu_execute;
    if (vpc->unit != NULL)
        vpc->bus.fpu_execute = execute_unit;
    return true;
}
