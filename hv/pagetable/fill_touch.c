/*
 * fill_touch.c - a hidden fault in a region whose walk is remembered, on a page that cannot just be mapped (PURE): most
 * often its first touch.
 */
#include "pagetable/fill.h"
#include "pagetable/fill_known.h"
#include "pagetable/fill_touch.h"

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

enum gfault fill_touch(struct gspace *space, gva_t address, uint32_t access, const struct known_region *known)
{
    struct ram *ram = space->ram;
    uint32_t frame = known->entries[gtable_pte_index(address)] >> GPTE_FRAME_SHIFT;

    if (frame >= ram->frame_count || ram->frames[frame].is_in_use || !ram_back_quick(ram, frame).v)
        return fill_walked(space, address, access);
    return fill_backed(space, address, access, known);
}
