/*
 * known_segment.h - descriptors that were found good for a use before, so that the same bytes need no second look
 * (PURE, inline): struct known_segment.
 */
#ifndef VPC_X86_KNOWN_SEGMENT_H
#define VPC_X86_KNOWN_SEGMENT_H

#include "vpc/x86/access.h"
#include "vpc/x86/descriptor.h"

#define SELECTOR_LDT 4u
#define QUESTION_USE_SHIFT 20u

#define ASKER(cpl) (0x80000000u | (uint32_t)(cpl) << 16)

/*
 * What a selector is to be good for, now. cpl: the privilege that a stack is for; for other uses it is CPL, or the
 * selector's.
 */
static ALWAYS_INLINE uint32_t known_question(const struct interp *interp, uint16_t selector, unsigned use, unsigned cpl)
{
    return selector | interp->asker | (use == DESCRIPTOR_FOR_STACK ? cpl << 18 : 0) | use << QUESTION_USE_SHIFT;
}

static ALWAYS_INLINE struct known_segment *known_slot_of(struct interp *interp, uint16_t selector, unsigned use)
{
    /* By bytes, so that one shift will do. */
    _Static_assert(sizeof(struct known_segment) == 64, "eight times a selector's step");
    uint32_t at = (selector & (KNOWN_OF_USE - 1) << 3) << 3;

    return (struct known_segment *)((uint8_t *)interp->known_segments[use & (KNOWN_USES - 1)] + at);
}

/* Each use has slots of its own: one that is about to be taken stays when another use's is noted meanwhile. */
static ALWAYS_INLINE struct known_segment *known_slot(struct interp *interp, uint32_t question)
{
    return known_slot_of(interp, (uint16_t)question, question >> QUESTION_USE_SHIFT);
}

/* The same for one whose place in the GDT has to be found, without a walk: interp->operand is it, or NULL. */
SELDOM void known_find_slowly(struct interp *interp, uint32_t question);

/* That is the answer, and it lies where it lay last. */
static ALWAYS_INLINE bool known_is_there(const struct interp *interp, const struct known_segment *known,
                                         uint32_t question)
{
    return known->question == question && known->generation == interp->table_generation &&
           *(const loose64_t *)known->at == known->bytes;
}

/* What a selector of the GDT stands for, if that can be told without a walk; else NULL. */
static ALWAYS_INLINE const struct known_segment *known_find(struct interp *interp, uint16_t selector, unsigned use,
                                                            unsigned cpl)
{
    uint32_t question = known_question(interp, selector, use, cpl);
    const struct known_segment *known = known_slot_of(interp, selector, use);

    if (known_is_there(interp, known, question))
        return known;
    known_find_slowly(interp, question);
    return interp->operand;
}

/* DS, ES, FS or GS, if it is there; else nothing has changed. */
static ALWAYS_INLINE bool known_load(struct interp *interp, unsigned number, uint16_t selector)
{
    const struct known_segment *known = known_slot_of(interp, selector, DESCRIPTOR_FOR_DATA);

    if (!known_is_there(interp, known, known_question(interp, selector, DESCRIPTOR_FOR_DATA, 0)))
        return false;
    interp->cpu.segments[number] = known->segment;
    interp->reach[number] = known->reach;
    return true;
}

#endif
