/*
 * vpc.c - see vpc.h: a run is pieces of interpretation between the moments when a device is due (PURE).
 */
#include "vpc/vpc.h"

#include "base/string.h"
#include "cpu/x86.h"

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

void vpc_copy(struct vpc *copy, const struct vpc *vpc, struct ram *ram, void *owner)
{
    const struct disk disks[2] = { copy->ide.disks[0], copy->ide.disks[1] };

    memcpy(&copy->clock, &vpc->clock, sizeof(*vpc) - __builtin_offsetof(struct vpc, clock));
    copy->ide.disks[0] = disks[0];
    copy->ide.disks[1] = disks[1];
    copy->ram = ram;
    copy->clock.owner = owner;
    copy->text.console = NULL;
    copy->bus = vpc->bus;
    copy->bus.context = copy;
    if (vpc->unit != NULL)
        copy->bus.fpu_execute = vpc->unit;
    copy->engine = NULL;
    copy->svm = NULL;
    copy->unit = NULL;
    interp_init(&copy->interp, &copy->bus);
    copy->interp.cpu = vpc->interp.cpu;
    copy->interp.start_eip = vpc->interp.start_eip;
    interp_flush(&copy->interp);
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

void vpc_lack_memory(struct vpc *vpc)
{
    vpc_finish(vpc, VPC_END_MEMORY, 0, "the machine has no memory left for this virtual PC's");
}

uint8_t *vpc_own_page(struct vpc *vpc, uint32_t frame)
{
    hpa_t page = ram_back(vpc->ram, frame);

    if (page.v && vpc->ram->frames[frame].flags & GFRAME_SHARED) {
        page = ram_own(vpc->ram, frame);
        interp_forget(&vpc->interp);
    }
    if (page.v)
        return hpa_to_ptr(page);
    vpc_lack_memory(vpc);
    return NULL;
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

static uint16_t lines_of(const struct vpc *vpc)
{
    return (uint16_t)((vpc->lines & 1u << VPC_LINE_TIMER) | line_if(uart_line(&vpc->uart), VPC_LINE_SERIAL) |
                      line_if(i8042_line(&vpc->keyboard), VPC_LINE_KEYBOARD) |
                      line_if(i8042_auxiliary_line(&vpc->keyboard), VPC_LINE_AUXILIARY) |
                      line_if(mc146818_line(&vpc->cmos), VPC_LINE_CLOCK) | line_if(ide_line(&vpc->ide), VPC_LINE_IDE));
}

void vpc_settle_changes(struct vpc *vpc)
{
    if (lines_of(vpc) != vpc->lines)
        vpc_settle_lines(vpc);
}

void vpc_settle_lines(struct vpc *vpc)
{
    uint16_t lines = lines_of(vpc);

    vpc->is_stirred = true;
    vpc->lines = lines;
    i8259_set_lines(&vpc->pic, lines);
    i82093_set_lines(&vpc->ioapic, lines, &vpc->lapic);
    vpc->pic_asks = lapic_passes_pic(&vpc->lapic) && i8259_has_interrupt(&vpc->pic);
    vpc->due_ns = earliest(i8254_next_ns(&vpc->timer), lapic_next_ns(&vpc->lapic), mc146818_next_ns(&vpc->cmos));
    vpc_settle_processor(vpc);
}

void vpc_settle_pic(struct vpc *vpc)
{
    vpc->pic_asks = i8259_has_interrupt(&vpc->pic) && lapic_passes_pic(&vpc->lapic);
    vpc_settle_processor(vpc);
}

/* One that rises may be asked of the local APIC, whose page is shown anew then. */
void vpc_turn_line(struct vpc *vpc, unsigned line)
{
    vpc->lines ^= (uint16_t)(1u << line);
    vpc->is_stirred |= vpc->lines >> line & 1;
    i8259_set_lines(&vpc->pic, vpc->lines);
    i82093_turn_line(&vpc->ioapic, line, &vpc->lapic);
    vpc_settle_pic(vpc);
}

void vpc_dip_line(struct vpc *vpc, unsigned line)
{
    uint16_t rest = (uint16_t)(vpc->lines & ~(1u << line));

    if (rest == vpc->lines)
        return;
    i8259_set_lines(&vpc->pic, rest);
    i82093_set_lines(&vpc->ioapic, rest, &vpc->lapic);
    vpc_settle_lines(vpc);
}

/* What is due by now happens. The timer's line falls before it rises, so that the edge is seen. */
static void update_devices(struct vpc *vpc, uint64_t now_ns)
{
    if (i8254_update(&vpc->timer, now_ns)) {
        vpc->lines &= (uint16_t)~(1u << VPC_LINE_TIMER);
        vpc_settle_lines(vpc);
        vpc->lines |= 1u << VPC_LINE_TIMER;
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

/* Nothing but a reset wakes a processor that halts with interrupts off: the only NMIs are those it sends itself. */
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
    vpc->exits_left = VPC_RUN_EXITS;
    uint32_t piece = piece_until_due(vpc, now_ns, instructions);
    enum exit_reason reason = vpc->engine != NULL ? vpc->engine(vpc, piece) : interp_run(&vpc->interp, piece);
    if (vpc->interp.cpu.has_just_halted)
        vpc_note(vpc, VPC_EXIT_HALT, 0, 0);
    vpc->interp.cpu.has_just_halted = false;
    return after_exit(vpc, reason);
}
