/*
 * svm_run.c - enter, leave, see why, enter again (PURE): svm.h.
 *
 * An interrupt of the PC's is given by event injection, when the guest can take it; when it cannot, a virtual
 * interrupt is only what tells when. So an interrupt's vector is asked for at the moment at which it begins, as on a
 * bus, and what was begun and left half done is in EXITINTINFO.
 */
#include "vpc/svm/svm.h"

#include "cpu/x86.h"
#include "vpc/x86/access.h"

static struct vpc *vpc_of_cpu(struct vcpu *cpu)
{
    struct interp *interp = (struct interp *)((char *)cpu - offsetof(struct interp, cpu));

    return (struct vpc *)((char *)interp - offsetof(struct vpc, interp));
}

/* bus.fpu_execute: of the image, which must be the guest's. */
static void execute_unit(struct vcpu *cpu, struct fpu_operation *operation)
{
    struct vpc *vpc = vpc_of_cpu(cpu);

    svm_store_unit(vpc);
    vpc->unit(cpu, operation);
}

/* An interrupt waits, and the guest can take it now. */
static bool is_open(const struct vmcb *vmcb)
{
    return vmcb->rflags & EFLAGS_IF && !(vmcb->shadow & 1);
}

/* The processor clears V_IRQ when it takes such an interrupt, which it does not: it leaves the guest. */
static void want_window(struct vmcb *vmcb, bool is_wanted)
{
    if (is_wanted == (vmcb->interrupt_control & VMCB_V_IRQ && vmcb->intercepts[0] & VMCB_INTERCEPT0_VINTR))
        return;
    vmcb->clean &= ~(VMCB_CLEAN_INTERCEPTS | VMCB_CLEAN_VIRTUAL);
    vmcb->interrupt_control &= ~VMCB_V_IRQ;
    vmcb->intercepts[0] &= ~VMCB_INTERCEPT0_VINTR;
    if (is_wanted) {
        vmcb->interrupt_control |= VMCB_V_IRQ;
        vmcb->intercepts[0] |= VMCB_INTERCEPT0_VINTR;
    }
}

bool svm_is_over(const struct vpc *vpc)
{
    return vpc->svm->is_interrupted || interp_is_stopping(&vpc->interp) || vpc->due_ns != vpc->svm->alarm_ns;
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
        if (reason != EXIT_BUDGET)
            return reason;
        if (svm_is_over(vpc))
            return EXIT_STOP;                   /* it was OUT to the debug exit, or turned a breakpoint on */
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

void svm_remake_apic(struct vpc *vpc)
{
    if (lapic_may_be_page(&vpc->lapic))
        lapic_refresh_page(&vpc->lapic, vpc->svm->apic_page, vpc_now_ns(vpc));
    else
        nested_hide_device(&vpc->svm->nested);
}

/* Another tag, if what is cached under this one is not good any more. */
static void take_tag(struct svm *svm)
{
    struct vmcb *vmcb = svm->vmcb;

    if (svm->nested.must_flush)
        asid_leave(&svm->asid);
    svm->nested.must_flush = false;
    vmcb->tlb_control = asid_take(svm->host->asids, &svm->asid) ? VMCB_FLUSH_ALL : 0;
    if (vmcb->asid != svm->asid.number)
        vmcb->clean &= ~VMCB_CLEAN_ASID;
    vmcb->asid = svm->asid.number;
}

static ALWAYS_INLINE enum svm_next enter_svm(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;

    if (!svm->is_unit_loaded)
        svm->host->load_fpu(vpc->interp.cpu.fpu);
    svm->is_unit_loaded = true;
    svm_refresh_apic(vpc);
    if (svm->nested.must_flush || svm->moves_seen != svm->nested.move_count)
        sites_forget(svm->sites);
    svm->moves_seen = svm->nested.move_count;
    take_tag(svm);
    vpc->is_stirred = svm->moves != 0;              /* who moves between the engines is looked at after each exit */
    enum svm_next next = svm->host->enter(vpc, ptr_to_hpa(svm->vmcb));
    svm->event = 0;
    return next;
}

enum svm_next svm_enter_guest(struct vpc *vpc)
{
    return enter_svm(vpc);
}

/*
 * What was under way when the guest was left is to be done again: what comes from outside by its vector. INT n, INT3
 * and INTO stand at EIP still, and are executed again. An event ends a shadow, in which its instruction may have been.
 */
void svm_keep_event(struct svm *svm)
{
    uint32_t event = svm->vmcb->exit_event, vector = event & VMCB_EVENT_VECTOR, type = event & VMCB_EVENT_TYPE;

    if (!(event & VMCB_EVENT_VALID) || type == VMCB_EVENT_SOFTWARE)
        return;
    if (type == VMCB_EVENT_EXCEPTION && (vector == EXC_BP || vector == EXC_OF))
        return;
    svm->event = event & (VMCB_EVENT_VALID | VMCB_EVENT_HAS_ERROR | VMCB_EVENT_TYPE | VMCB_EVENT_VECTOR);
    svm->event_error = svm->vmcb->exit_event_error;
    svm->vmcb->shadow = 0;
}

#define EXITS_MOST 1024u          /* in a run */

#define MOVE_EXITS 16u
#define MOVE_INSTRUCTIONS 3000u

/*
 * How many instructions come after how many exits, if that is to be different each time (xorshift32, Marsaglia 2003),
 * and the same ones for each guest.
 */
static uint32_t cast_move(struct svm *svm)
{
    uint32_t random = svm->move_random != 0 ? svm->move_random : 1;

    random ^= random << 13;
    random ^= random >> 17;
    random ^= random << 5;
    svm->move_random = random;
    svm->exits_to_move = random % MOVE_EXITS;
    return 1 + (random >> 8) % MOVE_INSTRUCTIONS;
}

/* After some exits the guest moves to the interpreter, and back after some instructions. */
static enum exit_reason move(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    uint32_t instructions = svm->moves;

    if (instructions == 0 || svm->exits_to_move-- > 0)
        return EXIT_BUDGET;
    if (instructions == SVM_MOVES_AT_RANDOM)
        instructions = cast_move(svm);
    else
        svm->exits_to_move = instructions - 1;
    return svm->steps_by(vpc, instructions);
}

/*
 * Enter and leave, until an interrupt of the host's, or something that its owner must hear of. Bound: EXITS_MOST of
 * those that are not answered at once, whatever they are for.
 */
static enum exit_reason run_entered(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    enum exit_reason reason;
    unsigned exits = EXITS_MOST;

    svm->host->begin();
    do {
        reason = prepare(vpc);
        if (reason != EXIT_BUDGET)
            break;
        if (enter_svm(vpc) == SVM_LOOK) {
            svm_keep_event(svm);
            reason = svm_handle(vpc);
        }
        if (reason == EXIT_BUDGET && !interp_is_stopping(&vpc->interp))
            reason = move(vpc);
    } while (reason == EXIT_BUDGET && --exits != 0 && !svm_is_over(vpc));
    svm->host->end();
    return reason;
}

/*
 * vpc->engine: until an interrupt of the host's, or as interp_run. The number of instructions is not kept. While a
 * breakpoint of the guest's is on, the interpreter executes it, some instructions a turn: so the debug registers of the
 * real processor are never the guest's, and a #DB that brings about the next one is never the processor's to deliver.
 */
static enum exit_reason svm_run(struct vpc *vpc, uint64_t instructions)
{
    struct svm *svm = vpc->svm;
    enum exit_reason reason;

    (void)instructions;
    svm->is_interrupted = false;
    svm->runs++;
    vpc->interp.pauses &= (uint8_t)~INTERP_PAUSE_STOP;
    vpc->exits_left = SVM_RUN_EXITS;
    svm->alarm_ns = vpc->due_ns;
    svm->host->set_alarm(vpc->clock.owner, vpc->due_ns);
    vmcb_put(svm->vmcb, &vpc->interp.cpu);
    svm_put_tsc(vpc);
    reason = interp_is_watched(&vpc->interp) ? svm_step(vpc, SVM_BURST) : run_entered(vpc);
    vmcb_get(svm->vmcb, &vpc->interp.cpu);
    svm_store_unit(vpc);
    return interp_is_stopping(&vpc->interp) && reason == EXIT_BUDGET ? EXIT_STOP : reason;
}

bool svm_attach(struct vpc *vpc, struct svm *svm, const struct svm_host *host, hpa_t vmcb, hpa_t apic, hpa_t ones)
{
    *svm = (struct svm){ .host = host, .vmcb = hpa_to_ptr(vmcb), .apic_page = hpa_to_ptr(apic),
                         .steps_by = svm_step };
    if (!nested_create(&svm->nested, vpc->ram, TEXT_PAGE_BASE >> PAGE_SHIFT))
        return false;
    vmcb_init(svm->vmcb, ones, svm->nested.root);
    sites_forget(svm->sites);
    vpc->svm = svm;
    vpc->engine = svm_run;
    vpc->unit = vpc->bus.fpu_execute;
    if (vpc->unit != NULL)
        vpc->bus.fpu_execute = execute_unit;
    return true;
}

void svm_copy(struct svm *copy, const struct svm *svm)
{
    copy->event = svm->event;
    copy->event_error = svm->event_error;
    copy->exits = svm->exits;
    copy->runs = svm->runs;
    copy->moves = svm->moves;
    copy->steps_by = svm->steps_by;
    copy->move_random = svm->move_random;
    copy->exits_to_move = svm->exits_to_move;
}
