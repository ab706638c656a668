/*
 * ram_share.h - a guest's RAM, or a frame of it, becomes another's, too, copied only where one of them writes (PURE).
 */
#ifndef PAGETABLE_RAM_SHARE_H
#define PAGETABLE_RAM_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "pagetable/owners.h"
#include "pagetable/ram.h"

/* How far it came: all zero at first. */
struct ram_share {
    struct owners_progress counts;
    uint32_t frame;             /* those below are shared */
    bool is_begun, has_counts;
    bool lacks_memory;          /* copy is not all there: it is to be destroyed */
};

/*
 * Let copy, which was created with as many bytes and is empty, have all that ram has. No leaf may map any of ram's
 * frames until it is done (gspace_drop_leaves), nor either guest run; what goes on meanwhile may allocate and free. In
 * steps of a page of records, some 2,300 instructions each, or of owners_prepare before. False: *steps are used up, and
 * the next call goes on.
 */
bool ram_share(struct ram *ram, struct ram *copy, struct ram_share *progress, uint32_t *steps);

/*
 * Let copy have one frame, which both have room for, ram has touched, and copy has not. In ram no leaf may map it,
 * unless it is shared already. Some 60 instructions, and what owners_prepare_frame takes. False: no memory, and copy
 * does not have it.
 */
MUST_CHECK bool ram_share_frame(struct ram *ram, struct ram *copy, uint32_t frame);

#endif
