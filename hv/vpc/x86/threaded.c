/*
 * threaded.c - the steps of instructions that have none of their own (PURE): threaded.h.
 */
#include "vpc/x86/threaded.h"

bool step_generally(struct interp *interp, const struct memo *memo, uint64_t eip)
{
    interp->cpu.eip = (uint32_t)eip;
    if (!memo->handler(interp, &memo->insn))
        return false;
    if (interp->has_attention) {
        interp->fuel--;
        return true;
    }
    GO_TO(interp->cpu.eip);
}

bool step_long(struct interp *interp, const struct memo *memo, uint64_t eip)
{
    uint32_t start = interp->start_eip;
    const struct long_memo *slot = long_slot(interp, start);

    (void)memo, (void)eip;
    if (!long_memo_has(slot, interp, start))
        return thread_end(interp, start);           /* fetch decodes it */
    TAIL_CALL slot->memo.step(interp, &slot->memo, (uint64_t)start + slot->memo.insn.length);
}
