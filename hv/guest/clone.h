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

#include "guest/hold.h"
#include "pagetable/ram_share.h"

struct guest;

/* What REQUEST_CLONE wants; the rest is how far it came, zero at first. */
struct clone {
    uint32_t id;                /* the copy's, from guest_new_id; 0: the next */
    const char *name;           /* the copy's; NULL: as its source */
    uint8_t paused;             /* GUEST_PAUSED_ bits that the copy begins with */
    char *reason;               /* GUEST_REASON_BYTES for why there is no copy: one line */
    struct guest *payer;        /* whose processor time it costs; NULL: nobody's */
    bool is_withdrawn;          /* what has not begun does not begin */
    struct guest *copy;
    struct hold hold;           /* of the source */
    struct ram_share share;
};

/*
 * Steps of launch.h that one of clone.h is: two and a half, and the rest for what may come behind the last piece before
 * others run: the caller gives an older copy back, say.
 */
#define CLONE_STEP_COST 4u

/*
 * Go on, or begin. *steps, of some 2,600 instructions each at most, are used up. Where it begins and where it ends it
 * uses CLONE_ENDS_STEPS of them and half of what its kind takes (load_steps), which may be more than are left. True: it
 * is done, and clone->copy is the copy, or NULL, with the reason.
 */
#define CLONE_ENDS_STEPS 8u
bool clone_step(struct guest *source, struct clone *clone, uint32_t *steps);

/* The snapshot of this name, whatever the case of its letters, or NULL. Bound: all guests. */
struct guest *clone_find_snapshot(const char *name);

#endif
