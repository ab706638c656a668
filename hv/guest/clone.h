/*
 * clone.h - a guest is copied at an instruction boundary: both go on from there, and neither can tell, but by what the
 * caller of hv_clone is told.
 *
 * Registers, FPU, virtual interrupts and console are copied, RAM is shared until one of the two writes to it, and page
 * tables are made anew on demand. A clone that takes more than one piece holds its source meanwhile: were it to run,
 * each frame it wrote would have to be looked at twice. Others run between the pieces.
 */
#ifndef GUEST_CLONE_H
#define GUEST_CLONE_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/ram_share.h"

struct guest;

/* What REQUEST_CLONE wants; the rest is how far it came, zero at first. */
struct clone {
    const char *name;           /* the copy's; NULL: as its source */
    bool is_snapshot;           /* the copy does not run: it is there to be cloned */
    char *reason;               /* GUEST_REASON_BYTES for why there is no copy: one line */
    struct guest *copy;
    uint32_t leaves;
    struct ram_share share;
};

/*
 * Take so many steps, of some 2,600 instructions each at most; the first call and the last some 20,000 more (both
 * are estimates).
 * True: it is done, and clone->copy is the copy, or NULL, with the reason.
 */
bool clone_step(struct guest *source, struct clone *clone, uint32_t steps);

#endif
