/*
 * hidden_fault.c - a page fault of the guest, which its tables may allow (PURE): paging off, a region whose walk is
 * remembered, or a walk. The last two are docs/shadow.md.
 */
#include "pagetable/bootvm.h"
#include "pagetable/fill.h"
#include "pagetable/fill_known.h"
#include "pagetable/fill_touch.h"
#include "pagetable/gspace.h"

enum gfault gspace_fault_known(struct gspace *space, gva_t address, uint32_t access,
                                const struct known_region *known)
{
    return fill_known(space, address, access, known, fill_touch);
}

enum gfault gspace_fault(struct gspace *space, gva_t address, uint32_t access)
{
    if (!space->paging->is_on)
        return bootvm_fault(space, address, access);
    if (region_is_known(space->shadows, address))
        return gspace_fault_known(space, address, access, region_slot(space->shadows, address));
    return fill_walked(space, address, access);
}
