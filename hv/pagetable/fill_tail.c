/*
 * fill_tail.c - the seldom endings of a hidden fault (PURE); fill_tail.h says why they are apart.
 */
#include "pagetable/fill_tail.h"

#include "pagetable/audit.h"
#include "pagetable/gwalk.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"
#include "pagetable/tlb_flush.h"

enum gfault fill_tail_not_plain(struct gspace *space, gva_t address, uint32_t access,
                                const struct known_region *known)
{
    struct ram *ram = space->ram;
    uint32_t frame = known->entries[gtable_pte_index(address)] >> GPTE_FRAME_SHIFT;

    if (frame >= ram->frame_count || ram->frames[frame].host || !ram_back_quick(ram, frame).v)
        return fill_walked(space, address, access);
    return gspace_fault_known(space, address, access, known);
}

enum gfault fill_tail_flush(struct gspace *space, gva_t address)
{
    tlb_flush_page(gspace_linear(space, address));
    audit_check(space);
    return GFAULT_FILLED;
}

enum gfault fill_tail_shared(struct gspace *space, struct gframe *page, uint32_t record, gva_t address,
                             uint64_t before)
{
    rmap_add_another(space, (uint32_t)(page - space->ram->frames), record);
    if (before)
        tlb_flush_page(gspace_linear(space, address));
    audit_check(space);
    return GFAULT_FILLED;
}
