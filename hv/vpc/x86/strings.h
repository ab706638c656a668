/*
 * strings.h - what string instructions share: their registers, their count, and where a long one is cut (PURE, inline).
 *
 * Source: SDM vol. 2 "REP/REPE/REPZ/REPNE/REPNZ". A round moves one element, or as many as lie in one page. What was
 * done stays done when a later element faults.
 */
#ifndef VPC_X86_STRINGS_H
#define VPC_X86_STRINGS_H

#include "vpc/x86/access.h"

/*
 * After that many bytes, or rounds, a repeated instruction lets interrupts in, and begins again with what is left: an
 * instruction's work is bounded, whatever its count says.
 */
#define STRING_TURN_BYTES 4096u
#define STRING_TURN_ROUNDS 16u
/* A run ends after so many turns of a KiB and more: each is the work of some fifty instructions. */
#define STRING_LONG_BYTES 1024u
#define STRING_LONG_TURNS 32u

static inline uint32_t string_get(const struct interp *interp, const struct instruction *insn, unsigned number)
{
    return interp->cpu.gpr[number] & insn->address_mask;
}

/* An address register moves past elements, up or down. */
static ALWAYS_INLINE void string_advance(struct interp *interp, const struct instruction *insn, unsigned number,
                                         uint32_t elements, unsigned bytes)
{
    uint32_t *reg = &interp->cpu.gpr[number], mask = insn->address_mask;
    uint32_t by = interp->cpu.eflags & EFLAGS_DF ? -(elements * bytes) : elements * bytes;

    *reg = (*reg & ~mask) | ((*reg + by) & mask);
}

/* Elements of this turn; 0: nothing to do. */
static ALWAYS_INLINE uint32_t string_turn(const struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t count = string_get(interp, insn, GPR_ECX), turn = STRING_TURN_BYTES / bytes;

    if (interp->has_attention)
        turn = 1;               /* a trap after each, perhaps */
    return !insn->repeat ? 1 : count < turn ? count : turn;
}

/* A turn of so many bytes begins. */
static ALWAYS_INLINE void string_note_turn(struct interp *interp, uint32_t bytes)
{
    if (bytes >= STRING_LONG_BYTES && ++interp->long_turns >= STRING_LONG_TURNS)
        interp_stop(interp);
}

/* Elements, at most max, that lie from offset upwards in one page and can be touched without a closer look. */
static ALWAYS_INLINE uint32_t string_in_page(const struct interp *interp, const struct instruction *insn,
                                             unsigned segment, uint32_t offset, bool is_write, uint32_t max,
                                             unsigned bytes)
{
    const struct reach *reach = &interp->reach[segment];
    int64_t last = is_write ? reach->write_last : reach->read_last;
    uint64_t room = PAGE_SIZE - ((reach->base + offset) & PAGE_MASK);
    uint64_t to_wrap = (uint64_t)insn->address_mask + 1 - offset;

    if (last < offset || interp->cpu.eflags & EFLAGS_DF)
        return 1;
    if (room > (uint64_t)last + 1 - offset)
        room = (uint64_t)last + 1 - offset;
    if (room > to_wrap)
        room = to_wrap;
    uint64_t elements = room / bytes;
    return elements < 1 ? 1 : elements < max ? (uint32_t)elements : max;
}

static ALWAYS_INLINE void string_count(struct interp *interp, const struct instruction *insn, uint32_t elements)
{
    uint32_t *ecx = &interp->cpu.gpr[GPR_ECX], mask = insn->address_mask;

    if (insn->repeat)
        *ecx = (*ecx & ~mask) | ((*ecx - elements) & mask);
}

/* The turn is over. Is there more to do, the instruction is the next one again. */
static ALWAYS_INLINE bool string_end_turn(struct interp *interp, const struct instruction *insn)
{
    if (insn->repeat && string_get(interp, insn, GPR_ECX) != 0) {
        interp->cpu.eip = interp->start_eip;
        interp->cpu.retired--;
    }
    return true;
}

#endif
