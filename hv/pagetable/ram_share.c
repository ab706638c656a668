/*
 * ram_share.c - share frames, a page of records at a time (PURE).
 *
 * The loop over frames is what a clone costs: a dozen instructions for each frame that was touched. So it asks nothing:
 * owners_prepare has seen to counts, no leaf is left to be looked for, and a record of the source keeps whatever else
 * it says, which GFRAME_SHARED puts out of force.
 */
#include "pagetable/ram_share.h"

#include <stddef.h>

#include "base/frames.h"
#include "pagetable/owners.h"
#include "pagetable/vmap.h"

/* All records of the page are written: it comes as it was left. Bound: a page of records. */
static void share_page(struct gframe *from, struct gframe *to)
{
    for (uint32_t i = 0; i < RAM_PAGE_RECORDS; i++) {
        uint32_t host = from[i].host;
        to[i] = (struct gframe){ .host = 0 };
        if (!host)
            continue;
        owners_beyond[host]++;
        from[i].flags |= GFRAME_SHARED;
        to[i].is_in_use = host | (uint64_t)GFRAME_SHARED << GFRAME_FLAGS_SHIFT;
    }
}

/*
 * The next page of records. Without memory for it the source's are marked all the same: that others may have a frame is
 * always a safe thing to say of it, and so all of its frames say the same.
 */
static void share_next(struct ram *ram, struct ram *copy, struct ram_share *progress)
{
    struct gframe *from = ram->frames + progress->frame, *to = copy->frames + progress->frame;
    hpa_t records = progress->lacks_memory ? HPA_NONE : frames_alloc();

    if (records.v) {
        vmap_back(to, records);
        share_page(from, to);
        return;
    }
    progress->lacks_memory = true;
    for (uint32_t i = 0; i < RAM_PAGE_RECORDS; i++)
        if (from[i].host)
            from[i].flags |= GFRAME_SHARED;
}

bool ram_share(struct ram *ram, struct ram *copy, struct ram_share *progress, uint32_t *steps)
{
    if (!progress->is_begun) {
        progress->is_begun = true;
        ram_begin_sharing(ram);
        ram_begin_sharing(copy);
        progress->lacks_memory = !owners_prepare();
        if (progress->lacks_memory)
            return true;
    }
    for (; progress->frame < ram->frame_count; progress->frame += RAM_PAGE_RECORDS) {
        if (ram->frames[progress->frame].flags & GFRAME_ABSENT)
            continue;
        if (*steps == 0)
            return false;
        --*steps;
        share_next(ram, copy, progress);
    }
    ram->shared_count = copy->shared_count = copy->backed_count = ram->backed_count;
    return true;
}
