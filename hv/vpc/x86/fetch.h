/*
 * fetch.h - the instruction at EIP, from memory (PURE).
 */
#ifndef VPC_X86_FETCH_H
#define VPC_X86_FETCH_H

#include "vpc/x86/access.h"

/*
 * Bring it to a memo of its own: a decoded instruction with its handler. NULL: #GP beyond the limit of CS or for more
 * than 15 bytes, #PF. Opens the code window for those that follow.
 */
const struct memo *fetch_slowly(struct interp *interp);

/* Make every memo one of a NOP, which needs no bytes but its own. */
void fetch_forget(struct interp *interp);

/* Where the memo of an instruction lies. */
static ALWAYS_INLINE struct memo *memo_slot(struct interp *interp, uint32_t eip)
{
    return &interp->memos[eip & interp->memo_mask];
}

/* Where a memo goes that another one of its place drives out: two that are executed by turns are both kept. */
static ALWAYS_INLINE struct memo *old_memo_slot(struct interp *interp, uint32_t eip)
{
    return &interp->old_memos[eip & (OLD_MEMO_ENTRIES - 1)];
}

static ALWAYS_INLINE bool code_window_has(const struct interp *interp, uint32_t eip)
{
    return eip - interp->code.first_eip < interp->code.count;
}

static ALWAYS_INLINE struct kept_window *window_slot(struct interp *interp, uint32_t eip)
{
    return &interp->windows[eip >> PAGE_SHIFT & (WINDOWS - 1)];
}

/* Base and limit of CS, which say with EIP where code lies. */
static ALWAYS_INLINE uint64_t code_place(const struct interp *interp)
{
    const struct segment *cs = &interp->cpu.segments[SEG_CS];

    _Static_assert(offsetof(struct segment, limit) == 4, "one behind the other: a single load");
    return cs->base | (uint64_t)cs->limit << 32;
}

/* Translations were forgotten since it was open. If its page lies where it lay, it is good again. */
SELDOM void code_window_renew(struct interp *interp, struct kept_window *kept);

/* One that was open before, by the same CS; perhaps it has to be renewed. */
static ALWAYS_INLINE bool code_window_is_kept(const struct interp *interp, const struct kept_window *kept, uint32_t eip)
{
    return eip - kept->window.first_eip < kept->window.count && kept->place == code_place(interp);
}

/* It is open again: calls go to and fro between pages, events between privileges. */
static ALWAYS_INLINE bool code_window_reopen(struct interp *interp, uint32_t eip)
{
    struct kept_window *kept = window_slot(interp, eip);

    if (!code_window_is_kept(interp, kept, eip))
        return false;
    if (kept->generation != interp->generation)
        code_window_renew(interp, kept);
    if (kept->generation != interp->generation)
        return false;
    interp->code = kept->window;
    return true;
}

/* Eight bytes from there on, in the window. */
static ALWAYS_INLINE uint64_t code_bytes_at(uintptr_t delta, uint64_t eip)
{
    return *(const loose64_t *)(delta + eip);
}

static ALWAYS_INLINE uint64_t code_bytes(const struct interp *interp, uint64_t eip)
{
    return code_bytes_at(interp->code.delta, eip);
}

/* Of one that is longer than MEMO_BYTES only these: there is more to compare. */
#define MEMO_BYTES 8u
static ALWAYS_INLINE bool memo_has(const struct memo *memo, uint64_t bytes)
{
    return ((bytes ^ memo->bytes) & memo->mask) == 0;
}

/* The long memo of an instruction. */
static ALWAYS_INLINE struct long_memo *long_slot(struct interp *interp, uint32_t eip)
{
    return &(interp->memos == interp->memos32 ? interp->long_memos32 : interp->long_memos16)
               [eip & (LONG_MEMO_ENTRIES - 1)];
}

/* In the window. The second word begins at the eighth byte, so as not to go beyond the window's 15. */
static ALWAYS_INLINE bool long_memo_has(const struct long_memo *slot, const struct interp *interp, uint32_t eip)
{
    return code_bytes(interp, eip) == slot->memo.bytes &&
           ((code_bytes(interp, eip + 7ull) ^ slot->rest) & slot->rest_mask) == 0;
}

/* The short way: inside the code window, and decoded before. */
static ALWAYS_INLINE const struct memo *fetch(struct interp *interp)
{
    uint32_t eip = interp->start_eip = interp->cpu.eip;

    if (code_window_has(interp, eip)) {
        const struct memo *memo = memo_slot(interp, eip);
        if (memo_has(memo, code_bytes(interp, eip)) && memo->insn.length <= MEMO_BYTES)
            return memo;
    }
    return fetch_slowly(interp);
}

#endif
