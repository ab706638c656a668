/*
 * gspace.c - an address space begins with an empty root, which is filled on demand, and ends with all tables (PURE).
 */
#include "pagetable/gspace.h"

#include "pagetable/bootvm.h"
#include "pagetable/shadow.h"
#include "pagetable/tlb_flush.h"

enum status gspace_create(struct gspace *space, struct ram *ram, struct guest_paging *paging, uint32_t linear_base)
{
    *paging = (struct guest_paging){ .is_on = false };
    *space = (struct gspace){ .ram = ram, .paging = paging, .linear_base = linear_base, .root = bootvm_create(),
                              .boot_region = GSPACE_NO_REGION };
    bootvm_show(space);
    return space->root.v ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Bound: *steps, and the end of shadow_pool_destroy. */
bool gspace_destroy(struct gspace *space, uint32_t *steps)
{
    if (!space->root.v)
        return true;
    if (space->shadows && !shadow_pool_destroy(space, steps))
        return false;
    if (!space->paging->is_on && !bootvm_free(space->root, &space->destroyed, steps))
        return false;
    *space->paging = (struct guest_paging){ .is_on = false };
    space->ram->asks = NULL;
    *space = (struct gspace){ .ram = space->ram, .paging = space->paging, .linear_base = space->linear_base };
    return true;
}

void gspace_load(const struct gspace *space)
{
    tlb_load_root(space->root);
}
