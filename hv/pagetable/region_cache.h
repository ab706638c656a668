/*
 * region_cache.h - four regions of 2 MiB whose page-table walk is remembered (PURE): where the last hidden faults and
 * hv_adjustpg calls found the guest's entries, and the leaves that mirror them; each is a struct known_region of
 * shadow.h. The hot paths of fill_known.h and adjust.c need no walk for a page there.
 */
#ifndef PAGETABLE_REGION_CACHE_H
#define PAGETABLE_REGION_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"

/* Where the region of a page would be remembered, and whether it is. */
static inline const struct known_region *region_slot(const struct shadow_pool *pool, gva_t address)
{
    return &pool->known[address.v / LARGE_PAGE_SIZE % KNOWN_REGIONS];
}

static inline bool region_is_known(const struct shadow_pool *pool, gva_t address)
{
    uint32_t region = address.v / LARGE_PAGE_SIZE;

    return pool->known_regions[region % KNOWN_REGIONS] == region;
}

/* The guest's PDE is still the same: then both links of the host's page directory are right. */
static inline bool region_is_right(const struct known_region *known)
{
    return *known->pde_at == known->pde;
}

/* Backed, not traced and not shared: mapping this frame has no side effects. */
static inline bool gframe_is_plain(const struct gframe *page)
{
    return page->host && !(page->flags & (GFRAME_TRACED | GFRAME_SHARED));
}

/* This page was looked up in full: prepare for those around it. pde: the guest's, which the links agree with. */
static inline void region_remember(struct gspace *space, const struct shadow_table *table, gva_t address, uint32_t pde)
{
    const uint32_t *directory = ram_peek(space->ram, space->paging->directory.v >> PAGE_SHIFT);
    uint32_t region = address.v / LARGE_PAGE_SIZE, slot = region % KNOWN_REGIONS;
    struct shadow_pool *pool = space->shadows;

    if (pool->known_regions[slot] == region && pool->known[slot].pde == pde)
        return;
    pool->known_regions[slot] = (uint16_t)region;
    pool->known[slot] = (struct known_region){
        .pde_at = &directory[gtable_pde_index(address)],
        .pde = pde,
        .first_record = rmap_first_record(space, table),
        .entries = ram_peek(space->ram, table->frame),
        .leaves = hpa_to_ptr(table->half[gtable_pte_index(address) / TABLE_ENTRIES]),
        .leaf_bits = pool->leaf_bits[table->role],
        .allowed = pool->allowed[(pde >> 1 & 3) + (space->paging->wp ? 4 : 0)],
        .snapshot = table->snapshot.v ? hpa_to_ptr(table->snapshot) : NULL,
    };
}

#endif
