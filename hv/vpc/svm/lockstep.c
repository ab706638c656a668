/*
 * lockstep.c - see lockstep.h (PURE).
 *
 * Nested leaves are shown for reading until somebody writes: so each page that the real processor writes to is known,
 * and one that the interpreter did not open is expected to stay as it was.
 */
#include "vpc/svm/lockstep.h"

#include "base/check.h"
#include "base/format.h"
#include "base/frames.h"
#include "base/string.h"
#include "cpu/x86.h"
#include "vpc/x86/access.h"
#include "vpc/x86/fetch.h"
#include "vpc/x86/undefined_flags.h"
#include "vpc/x86/watch.h"

#define PAGES 24u               /* that one instruction, or the delivery of one event, may open */
#define ENTRIES_MOST 64u        /* each but the last shows a frame */
#define TURNS_MOST 4096u        /* of an instruction that stays where it is while ECX counts */
#define BREAKPOINT_ON 0x402u    /* DR7: number 0, on code */
#define BREAKPOINT_OFF 0x400u
#define DR6_HIT 1u

/* IS_DONE: svm_fast has; IS_LEFT: svm_handle is to; IS_PUT_OFF: an interrupt of the host's came first. */
enum outcome { IS_COMPARED, IS_DONE, IS_LEFT, IS_PUT_OFF };

/* A run is one PC's, with interrupts off: so this is there once. */
static struct {
    struct vpc *vpc;
    struct bus bus;
    struct vcpu before, predicted;
    struct instruction insn;
    bool reached_world;
    uint32_t event;             /* VMCB_EVENT_*; 0: an instruction is executed */
    unsigned count;
    uint32_t frames[PAGES];
    hpa_t pages[PAGES];         /* what each held before; then what it is to hold */
} step;

static uint8_t *ram_of(uint32_t frame)
{
    return step.vpc->bus.page(step.vpc, GPA(frame << PAGE_SHIFT), false);
}

static int kept_page(uint32_t frame)
{
    for (unsigned i = 0; i < step.count; i++)
        if (step.frames[i] == frame)
            return (int)i;
    return -1;
}

/* Keep what a page holds. False: there is no room. */
static bool keep_page(uint32_t frame)
{
    if (kept_page(frame) >= 0)
        return true;
    if (step.count == PAGES)
        return false;
    if (!step.pages[step.count].v)
        step.pages[step.count] = frames_alloc();
    if (!step.pages[step.count].v)
        return false;
    memcpy(hpa_to_ptr(step.pages[step.count]), ram_of(frame), PAGE_SIZE);
    step.frames[step.count++] = frame;
    return true;
}

/* bus.h, for the interpreter: RAM as it is, and nothing else. */
static uint8_t *page(void *context, gpa_t address, bool is_write)
{
    uint8_t *found = step.vpc->bus.page(context, address, is_write);

    return found != NULL && is_write && !keep_page(address.v >> PAGE_SHIFT) ? NULL : found;
}

static uint32_t read_device(void *context, gpa_t address, unsigned bytes)
{
    (void)context, (void)address, (void)bytes;
    step.reached_world = true;
    return 0;
}

static void write_device(void *context, gpa_t address, unsigned bytes, uint32_t value)
{
    (void)context, (void)address, (void)bytes, (void)value;
    step.reached_world = true;
}

static uint32_t reach_port_read(void *context, uint16_t port, unsigned bytes)
{
    (void)context, (void)port, (void)bytes;
    step.reached_world = true;
    return 0;
}

static void reach_port_write(void *context, uint16_t port, unsigned bytes, uint32_t value)
{
    (void)context, (void)port, (void)bytes, (void)value;
    step.reached_world = true;
}

static uint32_t reach_ports_read(void *context, uint16_t port, unsigned bytes, void *to, uint32_t count)
{
    (void)context, (void)port, (void)bytes, (void)to, (void)count;
    step.reached_world = true;
    return 0;
}

static uint32_t reach_ports_write(void *context, uint16_t port, unsigned bytes, const void *from, uint32_t count)
{
    (void)context, (void)port, (void)bytes, (void)from, (void)count;
    step.reached_world = true;
    return 0;
}

static uint8_t take_no_vector(void *context)
{
    (void)context;
    step.reached_world = true;
    return 0;
}

static uint64_t tell_no_time(void *context)
{
    (void)context;
    step.reached_world = true;
    return 0;
}

static bool read_msr(void *context, uint32_t number, uint64_t *value)
{
    (void)context, (void)number, (void)value;
    step.reached_world = true;
    return false;
}

static bool write_msr(void *context, uint32_t number, uint64_t value)
{
    (void)context, (void)number, (void)value;
    step.reached_world = true;
    return false;
}

static void begin_step(struct vpc *vpc)
{
    step.vpc = vpc;
    step.bus = (struct bus){
        .context = vpc, .page = page, .read = read_device, .write = write_device, .port_read = reach_port_read,
        .port_write = reach_port_write, .port_read_string = reach_ports_read, .port_write_string = reach_ports_write,
        .acknowledge = take_no_vector, .time = tell_no_time, .msr_read = read_msr, .msr_write = write_msr,
        .fpu_execute = vpc->bus.fpu_execute,
    };
    step.before = vpc->interp.cpu;
    step.event = vpc->svm->event;
    step.reached_world = false;
    step.count = 0;
    step.insn = (struct instruction){ .length = 0 };
}

/* What was kept of each page, and what it holds, change places. */
static void swap_pages(void)
{
    for (unsigned i = 0; i < step.count; i++) {
        uint64_t *kept = hpa_to_ptr(step.pages[i]), *held = (uint64_t *)ram_of(step.frames[i]);
        for (unsigned at = 0; at < PAGE_SIZE / sizeof(*kept); at++) {
            uint64_t word = kept[at];
            kept[at] = held[at];
            held[at] = word;
        }
    }
}

/* One that counts ECX down where it stands (a string instruction, LOOP to itself) goes on to its end. */
static enum exit_reason interpret(struct interp *interp)
{
    enum exit_reason reason;
    uint32_t ecx;
    unsigned turns = 0;

    do {
        ecx = interp->cpu.gpr[GPR_ECX];
        reason = interp_run(interp, 1);
    } while (reason == EXIT_BUDGET && !step.reached_world && interp->cpu.eip == step.before.eip &&
             interp->cpu.gpr[GPR_ECX] != ecx && ++turns < TURNS_MOST);
    return reason;
}

static enum exit_reason begin_event(struct interp *interp, const struct svm *svm)
{
    return interp_deliver(interp, (uint8_t)(svm->event & VMCB_EVENT_VECTOR),
                          (svm->event & VMCB_EVENT_TYPE) != VMCB_EVENT_EXCEPTION,
                          svm->event & VMCB_EVENT_HAS_ERROR ? &svm->event_error : NULL);
}

/*
 * The interpreter executes, or delivers, and everything is put back. False: it reached for what answers once only, or
 * the guest is at an end or a halt.
 */
static bool predict(struct vpc *vpc)
{
    struct interp *interp = &vpc->interp;
    enum exit_reason reason;

    interp->bus = &step.bus;
    interp_flush(interp);
    if (step.event != 0) {
        reason = begin_event(interp, vpc->svm);
    } else {
        const struct memo *memo = fetch_slowly(interp);
        if (memo != NULL)
            step.insn = memo->insn;
        reason = interpret(interp);
    }
    step.predicted = interp->cpu;
    interp->cpu = step.before;
    interp->bus = &vpc->bus;
    interp_flush(interp);
    swap_pages();
    return reason == EXIT_BUDGET && !step.reached_world && !step.predicted.is_halted &&
           step.predicted.eip != step.before.eip && !(step.predicted.dr[7] & DR7_ENABLED);
}

/* The frame that the guest was left for; the processor walks the guest's tables as if it wrote to them. */
static bool show(struct vpc *vpc, uint32_t frame, bool is_write)
{
    struct nested *nested = &vpc->svm->nested;

    if (is_write && !keep_page(frame))
        panic("lock-step: the processor writes to more than %u pages at once", PAGES);
    if (!nested_show(nested, frame, is_write))
        return false;
    if (kept_page(frame) < 0)
        nested_guard(nested, frame);
    return true;
}

static bool is_ram_fault(const struct vpc *vpc)
{
    const struct vmcb *vmcb = vpc->svm->vmcb;
    uint64_t frame = vmcb->exit_info2 >> PAGE_SHIFT;

    return (uint32_t)vmcb->exit_code == SVM_EXIT_NPF && frame < vpc->ram->frame_count &&
           !(vmcb->exit_info1 & PF_WRITE && (frame == vpc->svm->nested.read_only ||
                                             vpc->ram->frames[frame].flags & GFRAME_SHARED));
}

static bool is_interrupted(const struct vmcb *vmcb)
{
    uint32_t code = (uint32_t)vmcb->exit_code;

    return code >= SVM_EXIT_INTR && code <= SVM_EXIT_INIT;
}

/* Enter the guest until it comes to the breakpoint, or is left for something that it does not go on after. */
static enum outcome reach_breakpoint(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    struct vmcb *vmcb = svm->vmcb;

    for (unsigned entries = 0; entries < ENTRIES_MOST; entries++) {
        vmcb->event = svm->event;
        vmcb->event_error = svm->event_error;
        if (svm_enter_guest(vpc) != SVM_LOOK)
            return IS_DONE;
        svm_keep_event(svm);
        if ((uint32_t)vmcb->exit_code == SVM_EXIT_DB && vmcb->dr6 & DR6_HIT)
            return IS_COMPARED;
        if (is_interrupted(vmcb)) {
            svm->is_interrupted = true;
            return vmcb->rip == step.predicted.eip && svm->event == 0 ? IS_COMPARED : IS_PUT_OFF;
        }
        uint32_t frame = (uint32_t)(vmcb->exit_info2 >> PAGE_SHIFT);
        if (!is_ram_fault(vpc) || !show(vpc, frame, vmcb->exit_info1 & PF_WRITE))
            return IS_LEFT;
    }
    panic("lock-step: the processor comes nowhere at EIP 0x%x", (uint32_t)vmcb->rip);
}

static enum outcome run_processor(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;
    struct vmcb *vmcb = svm->vmcb;

    vmcb->dr7 = BREAKPOINT_ON;
    vmcb->clean &= ~VMCB_CLEAN_DEBUG;
    svm->host->break_at(step.predicted.eip);
    enum outcome outcome = reach_breakpoint(vpc);
    svm->host->break_at(0);
    vmcb->dr7 = BREAKPOINT_OFF;
    vmcb->dr6 = step.before.dr[6];
    vmcb->clean &= ~VMCB_CLEAN_DEBUG;
    return outcome;
}

/* The byte with the accessed bit of a descriptor that was loaded: see lockstep_compare.c. */
static bool is_access_byte(uint32_t at)
{
    const struct vcpu *cpu = &step.predicted;

    for (unsigned i = 0; i < SEG_COUNT; i++) {
        const struct segment *segment = &cpu->segments[i];
        uint32_t base = segment->selector & 4 ? cpu->ldtr.base : cpu->gdtr.base;
        if ((base + (segment->selector & 0xFFF8u) + 5) % PAGE_SIZE == at)
            return true;
    }
    return false;
}

/* The byte with RF of the flags that a fault has just saved, with an error code or without: QEMU 7.2 clears it. */
static bool is_saved_rf(uint32_t at)
{
    const struct vcpu *cpu = &step.predicted;
    uint32_t esp = cpu->segments[SEG_SS].base + cpu->gpr[GPR_ESP];

    return cpu->eip != step.before.eip + step.insn.length &&
           (at == (esp + 4 * 2 + 2) % PAGE_SIZE || at == (esp + 4 * 3 + 2) % PAGE_SIZE);
}

/* The directory's entry of an address that faulted: whether its A is set then is the processor's choice. */
static bool is_faulting_directory(uint32_t frame, uint32_t at)
{
    const struct vcpu *cpu = &step.predicted;

    return cpu->cr0 & CR0_PG && frame == cpu->cr3 >> PAGE_SHIFT && at == (cpu->cr2 >> 20 & 0xFFCu);
}

/* What is known that processors do otherwise. */
static bool may_differ(uint32_t frame, uint32_t at, uint8_t bits)
{
    return (bits == 1 && (is_access_byte(at) || is_saved_rf(at))) ||
           (bits == PTE_A && is_faulting_directory(frame, at));
}

static struct lockstep_difference compare_pages(void)
{
    for (unsigned i = 0; i < step.count; i++) {
        const uint8_t *expected = hpa_to_ptr(step.pages[i]), *held = ram_of(step.frames[i]);
        for (unsigned at = 0; at < PAGE_SIZE; at++)
            if (expected[at] != held[at] && !may_differ(step.frames[i], at, expected[at] ^ held[at]))
                return (struct lockstep_difference){ "memory", (uint64_t)step.frames[i] << PAGE_SHIFT | at,
                                                     expected[at], held[at] };
    }
    return (struct lockstep_difference){ .what = NULL };
}

static _Noreturn void panic_of(const struct lockstep_difference *found)
{
    char behind[80];

    if (step.event != 0)
        format_string(behind, sizeof(behind), "event 0x%x", step.event);
    else
        format_string(behind, sizeof(behind), "%s%02x /%u of %u bytes",
                      step.insn.map == MAP_TWO_BYTES ? "0F " : "", step.insn.opcode, step.insn.reg, step.insn.length);
    panic("lock-step: %s (0x%llx) is 0x%llx interpreted and 0x%llx under SVM, behind %s at EIP 0x%x with EFLAGS 0x%x",
          found->what, (unsigned long long)found->where, (unsigned long long)found->interpreted,
          (unsigned long long)found->real, behind, step.before.eip, step.before.eflags);
}

static void compare(struct vpc *vpc)
{
    struct vcpu *cpu = &vpc->interp.cpu;
    uint32_t undefined = step.event != 0 ? 0 : undefined_flags(&step.insn, step.before.gpr[GPR_ECX]);

    vmcb_get(vpc->svm->vmcb, cpu);
    svm_store_unit(vpc);
    struct lockstep_difference found = lockstep_compare(&step.predicted, cpu, undefined);
    if (found.what == NULL)
        found = compare_pages();
    if (found.what != NULL)
        panic_of(&found);
    vpc->svm->compared++;
}

/* The next write to each is to be seen, too. */
static void guard_pages(struct vpc *vpc)
{
    for (unsigned i = 0; i < step.count; i++)
        nested_guard(&vpc->svm->nested, step.frames[i]);
}

/* Can the next step be taken by both? */
static bool is_for_both(const struct vpc *vpc)
{
    const struct vcpu *cpu = &vpc->interp.cpu;
    bool is_open = cpu->eflags & EFLAGS_IF && vpc->svm->event == 0;

    return !(cpu->eflags & (EFLAGS_TF | EFLAGS_VM)) && cpu->segments[SEG_CS].base == 0 && !cpu->is_halted &&
           !(cpu->has_interrupt && is_open) && !cpu->has_nmi && !interp_is_watched(&vpc->interp) &&
           !(cpu->cr0 & CR0_AM && cpu->cpl == 3 && cpu->eflags & EFLAGS_AC);
}

static enum exit_reason take_step(struct vpc *vpc)
{
    struct svm *svm = vpc->svm;

    vmcb_get(svm->vmcb, &vpc->interp.cpu);
    svm_store_unit(vpc);
    if (!is_for_both(vpc))
        return svm_step(vpc, 1);
    begin_step(vpc);
    if (!predict(vpc))
        return svm_step(vpc, 1);
    enum outcome outcome = run_processor(vpc);
    if (outcome == IS_COMPARED)
        compare(vpc);
    guard_pages(vpc);
    return outcome == IS_LEFT ? svm_handle(vpc) : EXIT_BUDGET;
}

static void release_pages(void)
{
    for (unsigned i = 0; i < PAGES && step.pages[i].v; i++) {
        frames_free(step.pages[i]);
        step.pages[i] = HPA_NONE;
    }
}

enum exit_reason lockstep_run(struct vpc *vpc, uint64_t instructions)
{
    struct svm *svm = vpc->svm;
    enum exit_reason reason = EXIT_BUDGET;

    nested_hide_device(&svm->nested);
    (void)nested_forget(&svm->nested);
    svm->nested.in_small = true;
    for (; instructions > 0 && reason == EXIT_BUDGET && !svm_is_over(vpc); instructions--)
        reason = take_step(vpc);
    (void)nested_forget(&svm->nested);
    svm->nested.in_small = false;
    release_pages();
    return reason;
}
