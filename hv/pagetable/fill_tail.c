/*
 * fill_tail.c - the seldom endings of a hidden fault (PURE); fill_tail.h says why they are apart.
 */
#include "pagetable/fill_tail.h"

#include "pagetable/audit.h"
#include "pagetable/rmap.h"
#include "pagetable/tlb_flush.h"

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
