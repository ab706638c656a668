/*
 * state.c - keep the engine's copies in step with the processor's state (PURE).
 *
 * Each copy (reach, stack_mask, memos, tlb, code window, has_attention) saves a question at each instruction, and is
 * wrong from the moment that what it was made of changes. So whatever changes a segment, CPL, EFLAGS, CR0 or a
 * translation calls one of these functions, and nobody sets the copies elsewhere. Those of translations are in space.c.
 */
#include "vpc/x86/state.h"

#include "vpc/x86/flags.h"
#include "vpc/x86/known_segment.h"
#include "vpc/x86/watch.h"

static bool is_expand_down(const struct segment *segment)
{
    return (segment->attributes & (ATTR_CODE | ATTR_EXPAND_DOWN)) == ATTR_EXPAND_DOWN;
}

/*
 * How far a segment can be used without a look at it: only in the plain cases. Where alignment is checked, or a
 * breakpoint is on, nothing is plain. Real mode knows no types.
 */
static struct reach reach_of(const struct interp *interp, const struct segment *segment)
{
    struct reach reach = { .read_last = -1, .write_last = -1, .base = segment->base };
    bool is_protected = vcpu_is_protected(&interp->cpu);
    uint16_t attributes = segment->attributes;

    if (is_expand_down(segment) || interp->looks_closely || (is_protected && !(attributes & ATTR_P)))
        return reach;
    if (!is_protected || !(attributes & ATTR_CODE) || attributes & ATTR_READABLE)
        reach.read_last = segment->limit;
    if (!is_protected || (!(attributes & ATTR_CODE) && attributes & ATTR_WRITABLE))
        reach.write_last = segment->limit;
    return reach;
}

void state_set_reach(struct interp *interp, unsigned number, const struct reach *reach)
{
    interp->reach[number] = *reach;
    if (interp->looks_closely)          /* it may have begun since the reach was known */
        interp->reach[number].read_last = interp->reach[number].write_last = -1;
    if (number == SEG_SS)
        state_refresh_stack(interp);
    if (number == SEG_CS)
        state_refresh_code(interp);
}

void state_refresh_segment(struct interp *interp, unsigned number)
{
    struct reach reach = reach_of(interp, &interp->cpu.segments[number]);

    state_set_reach(interp, number, &reach);
}

bool state_checks_alignment(const struct vcpu *cpu)
{
    return cpu->cpl == 3 && cpu->cr0 & CR0_AM && cpu->eflags & EFLAGS_AC;
}

static void refresh_asker(struct interp *interp)
{
    bool can_know = vcpu_is_protected(&interp->cpu) && !interp->looks_closely;

    interp->asker = can_know ? ASKER(interp->cpu.cpl) : 0;
}

/* A look of its own for breakpoints, so that nobody else asks for them. */
static void refresh_looks(struct interp *interp)
{
    interp->looks_closely = state_checks_alignment(&interp->cpu);
    interp->pauses &= (uint8_t)~INTERP_PAUSE_WATCH;
    if (interp->cpu.dr[7] & DR7_ENABLED) {
        interp->looks_closely = INTERP_LOOK_WATCH;
        interp->pauses |= INTERP_PAUSE_WATCH;
    }
}

void state_refresh_segments(struct interp *interp)
{
    refresh_looks(interp);
    refresh_asker(interp);
    for (unsigned i = 0; i < SEG_COUNT; i++)
        state_refresh_segment(interp, i);
}

static void refresh_alignment(struct interp *interp)
{
    if (state_checks_alignment(&interp->cpu) != interp->looks_closely)
        state_refresh_segments(interp);
}

void state_set_cpl(struct interp *interp, uint8_t cpl)
{
    interp->cpu.cpl = cpl;
    state_refresh_rights(interp);
    state_close_window(interp);
    state_close_stack(interp);
    refresh_alignment(interp);
    refresh_asker(interp);
}

void state_set_eflags(struct interp *interp, uint32_t eflags)
{
    interp->cpu.eflags = eflags;
    flags_set_arithmetic(interp, eflags);
    refresh_alignment(interp);
    state_refresh_attention(interp);
}

void state_refresh_attention(struct interp *interp)
{
    const struct vcpu *cpu = &interp->cpu;
    bool is_open = cpu->eflags & EFLAGS_IF;

    interp->has_attention = cpu->shadow != SHADOW_NONE || cpu->eflags & EFLAGS_TF || cpu->is_halted ||
                            (is_open && (cpu->has_interrupt || interp->wants_window)) ||
                            (cpu->has_nmi && !cpu->is_in_nmi) || interp->pauses;
}
