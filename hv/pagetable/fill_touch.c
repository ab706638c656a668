/*
 * fill_touch.c - a hidden fault in a region whose walk is remembered, on a page that cannot just be mapped (PURE): most
 * often its first touch.
 */
#include "base/frames.h"
#include "pagetable/fill.h"
#include "pagetable/fill_known.h"
#include "pagetable/fill_touch.h"
#include "pagetable/tlb_flush.h"

static enum gfault walk_instead(struct gspace *space, gva_t address, uint32_t access,
                                const struct known_region *known)
{
    (void)known;
    return fill_walked(space, address, access);
}

/* Not inlined, for it would save registers that a traced frame, which goes another way, would pay for. */
static __attribute__((noinline)) enum gfault fill_backed(struct gspace *space, gva_t address, uint32_t access,
                                                         const struct known_region *known)
{
    return fill_known(space, address, access, known, walk_instead);
}

/*
 * Not a first touch. A write to a frame that other guests have, too: it is copied, and then served as any other, unless
 * what was remembered has gone with it.
 */
static __attribute__((noinline)) enum gfault fill_in_use(struct gspace *space, gva_t address, uint32_t access,
                                                         const struct known_region *known)
{
    uint32_t frame = known->entries[gtable_pte_index(address)] >> GPTE_FRAME_SHIFT;
    const struct gframe *page = &space->ram->frames[frame];

    if (!(access & ACCESS_WRITE) || frame >= space->ram->frame_count ||
        (page->flags & (GFRAME_SHARED | GFRAME_TRACED)) != GFRAME_SHARED)
        return fill_walked(space, address, access);
    if (!ram_own(space->ram, frame).v)
        return GFAULT_NO_MEMORY;
    tlb_load_root(space->root);
    return region_is_known(space->shadows, address) ? fill_backed(space, address, access, known)
                                                    : fill_walked(space, address, access);
}

/*
 * A first touch leaves a page that is plain, and of what hidden_fault.c looked at before, nothing else has changed.
 * What is read again afterwards would take registers that must be saved.
 */
enum gfault fill_touch(struct gspace *space, gva_t address, uint32_t access, const struct known_region *known)
{
    uint32_t frame = known->entries[gtable_pte_index(address)] >> GPTE_FRAME_SHIFT;
    struct gframe *page = &space->ram->frames[frame];

    WORK_OUT_HERE(page);
    if (frame >= space->ram->frame_count || page->is_in_use)
        return fill_in_use(space, address, access, known);
    hpa_t host = frames_alloc_quick();
    if (!host.v)
        return fill_in_use(space, address, access, known);
    ram_back_by(space->ram, page, host);
    KEEP_NOTHING_READ();
    uint64_t entry = gtable_pte_index(address);
    WORK_OUT_HERE(entry);
    return fill_plain(space, address, access, known, page, entry, known->entries[entry]);
}
