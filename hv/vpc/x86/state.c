/*
 * state.c - keep the engine's copies in step with the processor's state (PURE).
 *
 * Each copy (reach, stack_mask, memos, tlb, code window, has_attention) saves a question at each instruction, and is
 * wrong from the moment that what it was made of changes. So whatever changes a segment, CPL, EFLAGS, CR0 or a
 * translation calls one of these functions, and nobody sets the copies elsewhere.
 */
#include "vpc/x86/state.h"

#include "base/string.h"
#include "vpc/x86/access.h"
#include "vpc/x86/flags.h"

static bool is_expand_down(const struct segment *segment)
{
    return (segment->attributes & (ATTR_CODE | ATTR_EXPAND_DOWN)) == ATTR_EXPAND_DOWN;
}

/*
 * How far a segment can be used without a look at it: only in the plain cases. Where alignment is checked nothing is
 * plain. Real mode knows no types.
 */
static struct reach reach_of(const struct interp *interp, const struct segment *segment)
{
    struct reach reach = { .read_last = -1, .write_last = -1, .base = segment->base };
    bool is_protected = vcpu_is_protected(&interp->cpu);
    uint16_t attributes = segment->attributes;

    if (is_expand_down(segment) || interp->checks_alignment || (is_protected && !(attributes & ATTR_P)))
        return reach;
    if (!is_protected || !(attributes & ATTR_CODE) || attributes & ATTR_READABLE)
        reach.read_last = segment->limit;
    if (!is_protected || (!(attributes & ATTR_CODE) && attributes & ATTR_WRITABLE))
        reach.write_last = segment->limit;
    return reach;
}

static void close_window(struct interp *interp)
{
    interp->code.count = 0;
    interp->code.end_eip = 0;
}

void state_refresh_segment(struct interp *interp, unsigned number)
{
    const struct segment *segment = &interp->cpu.segments[number];

    interp->reach[number] = reach_of(interp, segment);
    if (number == SEG_SS)
        interp->stack_mask = segment->attributes & ATTR_DB ? 0xFFFFFFFFu : 0xFFFFu;
    if (number == SEG_CS) {
        bool is_32bit = segment->attributes & ATTR_DB;
        interp->memos = is_32bit ? interp->memos32 : interp->memos16;
        interp->memo_mask = (is_32bit ? MEMO_ENTRIES : MEMO_ENTRIES16) - 1;
        close_window(interp);
    }
}

static bool checks_alignment(const struct vcpu *cpu)
{
    return cpu->cpl == 3 && cpu->cr0 & CR0_AM && cpu->eflags & EFLAGS_AC;
}

void state_refresh_segments(struct interp *interp)
{
    interp->checks_alignment = checks_alignment(&interp->cpu);
    for (unsigned i = 0; i < SEG_COUNT; i++)
        state_refresh_segment(interp, i);
}

static void refresh_alignment(struct interp *interp)
{
    if (checks_alignment(&interp->cpu) != interp->checks_alignment)
        state_refresh_segments(interp);
}

void state_set_cpl(struct interp *interp, uint8_t cpl)
{
    interp->cpu.cpl = cpl;
    interp->tlb = cpl == 3 ? interp->tlb_user : interp->tlb_supervisor;
    close_window(interp);
    refresh_alignment(interp);
}

void state_set_eflags(struct interp *interp, uint32_t eflags)
{
    interp->cpu.eflags = eflags;
    flags_set_arithmetic(interp, eflags);
    refresh_alignment(interp);
    state_refresh_attention(interp);
}

static void clear_tlb(struct softtlb_entry *tlb)
{
    for (unsigned i = 0; i < SOFTTLB_ENTRIES; i++)
        tlb[i].read_page = tlb[i].write_page = SOFTTLB_NONE;
}

void state_forget_translations(struct interp *interp)
{
    clear_tlb(interp->tlb_supervisor);
    clear_tlb(interp->tlb_user);
    interp->has_large_pages = false;
    close_window(interp);
}

void state_forget_page(struct interp *interp, uint32_t linear)
{
    /*
     * INVLPG of any address in a 4 MiB page drops all of it, and the copies do not know which of them came of such a
     * page.
     */
    if (interp->has_large_pages) {
        state_forget_translations(interp);
        return;
    }
    struct softtlb_entry *slots[] = { softtlb_slot(interp->tlb_supervisor, linear),
                                      softtlb_slot(interp->tlb_user, linear) };

    for (unsigned i = 0; i < 2; i++)
        slots[i]->read_page = slots[i]->write_page = SOFTTLB_NONE;
    close_window(interp);
}

void state_refresh_attention(struct interp *interp)
{
    const struct vcpu *cpu = &interp->cpu;
    bool is_open = cpu->eflags & EFLAGS_IF;

    interp->has_attention = cpu->shadow != SHADOW_NONE || cpu->eflags & EFLAGS_TF || cpu->is_halted ||
                            (is_open && (cpu->has_interrupt || interp->wants_window)) ||
                            (cpu->has_nmi && !cpu->is_in_nmi) || interp->is_stopping;
}
