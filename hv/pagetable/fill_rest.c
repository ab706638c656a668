/*
 * fill_rest.c - what the hot path of fill.c seldom needs (PURE).
 */
#include "pagetable/fill_rest.h"

#include "pagetable/audit.h"
#include "pagetable/rmap.h"
#include "pagetable/tlb.h"

enum gfault fill_rest_flush(struct gspace *space, gva_t address)
{
    tlb_flush_page(address);
    audit_check(space);
    return GFAULT_FILLED;
}

enum gfault fill_rest_shared(struct gspace *space, struct gframe *page, uint32_t record, gva_t address,
                             uint64_t before)
{
    rmap_add_another(space, (uint32_t)(page - space->frames), record);
    if (before)
        tlb_flush_page(address);
    audit_check(space);
    return GFAULT_FILLED;
}
