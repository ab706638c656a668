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

/*
 * All records of the page are written: it comes as it was left. Where the counts are is read once, since a store to one
 * might change it for all that the compiler knows, and four records stand in a row. Bound: a page of records.
 */
static void share_page(struct gframe *from, struct gframe *to)
{
    uint16_t *beyond = owners_beyond;

#pragma clang loop unroll_count(4)
    for (uint32_t i = 0; i < RAM_PAGE_RECORDS; i++) {
        uint64_t said = from[i].host;

        if (said) {
            beyond[said]++;
            from[i].flags |= GFRAME_SHARED;
            said |= (uint64_t)GFRAME_SHARED << GFRAME_FLAGS_SHIFT;
        }
        to[i].is_in_use = said;
        to[i].leaf[0] = to[i].leaf[1] = 0;
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

/* The first frame of a page of records that is there, from this page on; or where RAM ends. Bound: six a page. */
static uint32_t skip_absent(const struct ram *ram, uint32_t frame)
{
    const struct gframe *records = ram->frames;
    uint32_t end = ram->frame_count;

    while (frame < end && records[frame].flags & GFRAME_ABSENT)
        frame += RAM_PAGE_RECORDS;
    return frame;
}

/*
 * Counts are asked for each time: whoever frees a frame, or takes one, may do so between two.
 */
bool ram_share_frame(struct ram *ram, struct ram *copy, uint32_t frame)
{
    struct gframe *from = &ram->frames[frame], *to = &copy->frames[frame];

    ram_begin_sharing(ram);
    ram_begin_sharing(copy);
    if (!ram_make_record(copy, frame) || !owners_prepare_frame(from->host))
        return false;
    if (!(from->flags & GFRAME_SHARED)) {
        from->flags |= GFRAME_SHARED;
        ram->shared_count++;
    }
    owners_beyond[from->host]++;
    to->host = from->host;
    to->flags |= GFRAME_SHARED;
    copy->backed_count++;
    copy->shared_count++;
    return true;
}

static enum owners_room begin_counts(struct ram *ram, struct ram *copy, struct ram_share *progress, uint32_t *steps)
{
    progress->is_begun = true;
    ram_begin_sharing(ram);
    ram_begin_sharing(copy);
    enum owners_room room = owners_prepare(&progress->counts, steps);
    progress->has_counts = room == OWNERS_READY;
    progress->lacks_memory = room == OWNERS_NO_MEMORY;
    return room;
}

/* Bound: *steps, pages of records; those that are absent are passed over, 3,072 at most. */
bool ram_share(struct ram *ram, struct ram *copy, struct ram_share *progress, uint32_t *steps)
{
    enum owners_room room = progress->has_counts ? OWNERS_READY : begin_counts(ram, copy, progress, steps);

    if (room != OWNERS_READY)
        return room == OWNERS_NO_MEMORY;
    while ((progress->frame = skip_absent(ram, progress->frame)) < ram->frame_count) {
        if (*steps == 0)
            return false;
        --*steps;
        share_next(ram, copy, progress);
        progress->frame += RAM_PAGE_RECORDS;
    }
    ram->shared_count = copy->shared_count = copy->backed_count = ram->backed_count;
    return true;
}
