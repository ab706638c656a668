/*
 * vpc.c - see vpc.h: a run is pieces of interpretation between the moments when a device is due (PURE).
 */
#include "vpc/vpc.h"

#include "base/string.h"
#include "cpu/x86.h"

#define LINE_TIMER 0u
#define LINE_KEYBOARD 1u
#define LINE_SERIAL 4u
#define LINE_CLOCK 8u
#define LINE_IDE 14u

uint64_t vpc_now_ns(struct vpc *vpc)
{
    const struct vpc_clock *clock = &vpc->clock;

    if (clock->is_counted)
        return interp_retired(&vpc->interp) * VPC_NS_PER_INSTRUCTION + clock->skipped_ns;
    return clock->now_ns(clock->owner);
}

void vpc_init(struct vpc *vpc, struct ram *ram, const struct vpc_clock *clock, const struct bus *bus,
              void (*unit)(struct vcpu *cpu, struct fpu_operation *operation))
{
    memset(&vpc->clock, 0, sizeof(*vpc) - __builtin_offsetof(struct vpc, clock));
    vpc->ram = ram;
    vpc->clock = *clock;
    vpc->bus = *bus;
    vpc->bus.context = vpc;
    vpc->bus.fpu_execute = unit;
    interp_init(&vpc->interp, &vpc->bus);
    i8259_reset(&vpc->pic);
    i8254_reset(&vpc->timer, vpc_now_ns(vpc));
    uart_reset(&vpc->uart);
    i8042_reset(&vpc->keyboard);
    keymap_init(&vpc->bios.keymap);
    lapic_reset(&vpc->lapic);
    i82093_reset(&vpc->ioapic);
    text_page_reset(&vpc->text);
    mc146818_reset(&vpc->cmos, ram->bytes);
    ide_reset(&vpc->ide);
    vpc_settle_lines(vpc);
}

void vpc_finish(struct vpc *vpc, enum vpc_end end, int32_t status, const char *reason)
{
    if (vpc->end != VPC_END_NONE)
        return;
    vpc->end = end;
    vpc->status = status;
    vpc->reason = reason;
    interp_stop(&vpc->interp);
}

void vpc_count(struct vpc *vpc, enum vpc_exit kind)
{
    vpc->exits[kind]++;
    if (++vpc->run_exits == VPC_RUN_EXITS)
        interp_stop(&vpc->interp);
}

void vpc_note(struct vpc *vpc, enum vpc_exit kind, uint32_t where, uint32_t value)
{
    vpc_count(vpc, kind);
    vpc->trail[vpc->trail_count++ % VPC_TRAIL] =
        (struct vpc_step){ .kind = kind, .eip = vpc->interp.start_eip, .where = where, .value = value };
}

static uint16_t line_if(bool is_high, unsigned line)
{
    return (uint16_t)(is_high ? 1u << line : 0);
}

static uint64_t earliest(uint64_t first, uint64_t second, uint64_t third)
{
    uint64_t least = first < second ? first : second;

    return least < third ? least : third;
}

void vpc_settle_lines(struct vpc *vpc)
{
    uint16_t lines = (uint16_t)((vpc->lines & 1u << LINE_TIMER) | line_if(uart_line(&vpc->uart), LINE_SERIAL) |
                                line_if(i8042_line(&vpc->keyboard), LINE_KEYBOARD) |
                                line_if(mc146818_line(&vpc->cmos), LINE_CLOCK) |
                                line_if(ide_line(&vpc->ide), LINE_IDE));
    bool asked = vpc->interp.cpu.has_interrupt;

    vpc->lines = lines;
    i8259_set_lines(&vpc->pic, lines);
    i82093_set_lines(&vpc->ioapic, lines, &vpc->lapic);
    vpc->interp.cpu.has_interrupt = lapic_has_interrupt(&vpc->lapic) ||
                                    (lapic_passes_pic(&vpc->lapic) && i8259_has_interrupt(&vpc->pic));
    vpc->due_ns = earliest(i8254_next_ns(&vpc->timer), lapic_next_ns(&vpc->lapic), mc146818_next_ns(&vpc->cmos));
    if (vpc->interp.cpu.has_interrupt != asked)
        interp_notice(&vpc->interp);
}

/* What is due by now happens. The timer's line falls before it rises, so that the edge is seen. */
static void update_devices(struct vpc *vpc, uint64_t now_ns)
{
    if (i8254_update(&vpc->timer, now_ns)) {
        vpc->lines &= (uint16_t)~(1u << LINE_TIMER);
        vpc_settle_lines(vpc);
        vpc->lines |= 1u << LINE_TIMER;
    }
    lapic_update(&vpc->lapic, now_ns);
    mc146818_update(&vpc->cmos, now_ns);
    vpc_settle_lines(vpc);
}

bool vpc_skip(struct vpc *vpc)
{
    uint64_t now_ns = vpc_now_ns(vpc);

    if (vpc->due_ns == UINT64_MAX)
        return false;
    if (vpc->due_ns > now_ns)
        vpc->clock.skipped_ns += vpc->due_ns - now_ns;
    return true;
}

/* Nothing but a reset wakes a processor that halts with interrupts off: there are no NMIs here. */
static enum vpc_state on_halt(struct vpc *vpc)
{
    if (vpc->interp.cpu.eflags & EFLAGS_IF)
        return VPC_WAITS;
    vpc_finish(vpc, VPC_END_CRASH, 0, "HLT with interrupts off: it would wait for ever");
    return VPC_ENDED;
}

static enum vpc_state after_exit(struct vpc *vpc, enum exit_reason reason)
{
    switch (reason) {
    case EXIT_HLT:
        return on_halt(vpc);
    case EXIT_SHUTDOWN:
        vpc_finish(vpc, VPC_END_CRASH, 0, "triple fault: an exception while a double fault was delivered");
        return VPC_ENDED;
    case EXIT_UNSUPPORTED:
        vpc_finish(vpc, VPC_END_CRASH, 0, "a task switch, which this processor does not have");
        return VPC_ENDED;
    default:
        return vpc->end != VPC_END_NONE ? VPC_ENDED : VPC_RUNS;
    }
}

/* A counted clock stops a run at the very instruction at which something is due. */
static uint32_t piece_until_due(const struct vpc *vpc, uint64_t now_ns, uint32_t instructions)
{
    if (!vpc->clock.is_counted || vpc->due_ns == UINT64_MAX || vpc->due_ns <= now_ns)
        return instructions;
    uint64_t until = (vpc->due_ns - now_ns + VPC_NS_PER_INSTRUCTION - 1) / VPC_NS_PER_INSTRUCTION;
    return until < instructions ? (uint32_t)until : instructions;
}

enum vpc_state vpc_run(struct vpc *vpc, uint32_t instructions)
{
    uint64_t now_ns = vpc_now_ns(vpc);

    if (vpc->end != VPC_END_NONE)
        return VPC_ENDED;
    if (now_ns >= vpc->due_ns)
        update_devices(vpc, now_ns);
    vpc->run_exits = 0;
    bool was_halted = vpc->interp.cpu.is_halted;
    uint32_t piece = piece_until_due(vpc, now_ns, instructions);
    enum exit_reason reason = vpc->engine != NULL ? vpc->engine(vpc, piece) : interp_run(&vpc->interp, piece);
    if (reason == EXIT_HLT && !was_halted)
        vpc_note(vpc, VPC_EXIT_HALT, 0, 0);
    return after_exit(vpc, reason);
}
