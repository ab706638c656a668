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

    if (interp->cpu.eflags & EFLAGS_TF)
        turn = 1;               /* a trap after each */
    return !insn->repeat ? 1 : count < turn ? count : turn;
}

/* The same where each element is a round. */
static ALWAYS_INLINE uint32_t string_rounds(const struct interp *interp, const struct instruction *insn, unsigned bytes)
{
    uint32_t turn = string_turn(interp, insn, bytes);

    return turn < STRING_TURN_ROUNDS ? turn : STRING_TURN_ROUNDS;
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
