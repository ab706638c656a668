/*
 * strict.h - strict mode: mistakes that stay silent end the guest where they are seen. docs/reports.md "Strict mode".
 *
 * Once a guest has it, the traps of all guests on which it looks (hypercalls, page faults, ticks) go through C, to
 * strict.c: who never asks pays nothing.
 */
#ifndef GUEST_STRICT_H
#define GUEST_STRICT_H

#include <stdbool.h>

#include "pagetable/told.h"

struct guest;

#define STRICT_CANARY_BYTES 16u
#define STRICT_CANARY 0x5Cu

struct strict {
    struct told told;
    uint32_t fault_eip, faults; /* of the last page faults in a row at one place: how many */
    uint32_t stack;             /* the lowest address of the SDK's stack, where the canary is; 0: the guest has none */
};

/* Answer a trap, with a look at it before if the guest is in strict mode. As the functions of entry_calls.h. */
bool strict_from_guest(struct guest *guest);

/* Before its first turn. Without memory for it, it stays off, and the log says so. */
void strict_enable(struct guest *guest);

/*
 * A copy of a guest begins with what strict mode knew of that one: what it was told of, and where its canary lies. Its
 * shadows are empty, so each page's next use is looked at. False: no memory for it.
 */
bool strict_copy(struct guest *copy, const struct guest *source);

#endif
