/*
 * threaded.c - the steps of instructions that have none of their own (PURE): threaded.h.
 */
#include "vpc/x86/threaded.h"

#include "vpc/x86/known_walk.h"

bool step_generally(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta)
{
    (void)delta;                /* the handler may open another window */
    interp->cpu.eip = (uint32_t)eip;
    interp->start_eip = (uint32_t)eip - memo->insn.length;
    if (!memo->handler(interp, &memo->insn))
        return false;
    if (interp->has_attention) {
        interp->fuel--;
        return true;
    }
    GO_TO(interp->cpu.eip);
}

/* Its window was open before translations were forgotten. */
STEP_APART(elsewhere_renewed)
{
    uint32_t to = (uint32_t)eip;

    if (!code_window_reopen(interp, to))
        return thread_end(interp, to);
    TAIL_CALL step_elsewhere(interp, memo, eip, delta);
}

bool step_elsewhere(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta)
{
    uint32_t to = (uint32_t)eip;
    const struct kept_window *kept = window_slot(interp, to);

    if (interp->fuel == 0 || !code_window_is_kept(interp, kept, to))
        return thread_end(interp, to);
    if (kept->generation != interp->generation)
        TAIL_CALL step_elsewhere_renewed(interp, memo, eip, delta);
    interp->code = kept->window;
    delta = interp->code.delta;
    uint64_t bytes = code_bytes_at(delta, to);
    memo = memo_slot(interp, to);
    if (!memo_has(memo, bytes)) {
        memo = old_memo_slot(interp, to);
        if (interp->memos != interp->memos32 || !memo_has(memo, bytes))
            return thread_end(interp, to);
    }
    DISPATCH(memo, to, delta);
}

/* The page of a push, or else of a pop. The handler goes on, whatever came of it. */
bool step_stack_elsewhere(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta)
{
    uint32_t esp = interp->cpu.gpr[GPR_ESP];

    stack_open(interp, plain_stack(interp, esp - 4, 4) == NULL ? esp - 4 : esp);
    GENERALLY();
}

/*
 * The operand's page may have given way to another one's of the same place in the table: then it is filled again, and
 * the step is done once more. If it is there already, that is not what was wrong.
 */
bool step_memory_elsewhere(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta)
{
    uint32_t linear = interp->reach[memo->insn.segment].base + plain_offset(interp, &memo->insn);
    const struct softtlb_entry *entry = softtlb_slot(interp->tlb, linear);

    if (entry->read_page == (linear & ~PAGE_MASK))
        GENERALLY();
    known_walk_fill(interp, linear, interp->cpu.cpl == 3);
    if (entry->read_page != (linear & ~PAGE_MASK))
        GENERALLY();
    TAIL_CALL memo->step(interp, memo, eip, delta);
}

bool step_long(struct interp *interp, const struct memo *memo, uint64_t eip, uintptr_t delta)
{
    uint32_t start = (uint32_t)eip - memo->insn.length;
    const struct long_memo *slot = long_slot(interp, start);

    if (!long_memo_has(slot, interp, start))
        return thread_end(interp, start);           /* fetch decodes it */
    DISPATCH(&slot->memo, start, delta);
}
