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

/* The short way: inside the code window, and decoded before. */
static inline struct memo *fetch_slot(struct interp *interp)
{
    return &interp->memos[interp->cpu.eip & (MEMO_ENTRIES - 1)];
}

static inline __attribute__((always_inline)) const struct memo *fetch(struct interp *interp)
{
    uint32_t at = interp->cpu.eip - interp->code.first_eip;

    if (at < interp->code.count) {
        const struct memo *memo = fetch_slot(interp);
        uint64_t bytes = *(const loose64_t *)(interp->code.host + at);
        if (((bytes ^ memo->bytes) & memo->mask) == 0)
            return memo;
    }
    return fetch_slowly(interp);
}

#endif
