/*
 * recent.h - what the last full looks at pages left for the 2 MiB around each: struct shadow_recent of shadow.h (PURE).
 * The hot halves of fill.c and adjust.c go by it.
 */
#ifndef PAGETABLE_RECENT_H
#define PAGETABLE_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"
#include "pagetable/layout.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"

/* Where a page's 2 MiB are remembered, and whether they are. */
static inline const struct shadow_recent *recent_slot(const struct shadow_pool *pool, gva_t address)
{
    return &pool->recent[address.v / LARGE_PAGE_SIZE % SHADOW_RECENT];
}

static inline bool recent_is(const struct shadow_pool *pool, gva_t address)
{
    uint32_t region = address.v / LARGE_PAGE_SIZE;

    return pool->recent_regions[region % SHADOW_RECENT] == region;
}

/* The PDE is still the same: both links are right then. */
static inline bool recent_is_right(const struct shadow_recent *recent)
{
    return *recent->pde_at == recent->pde;
}

/* Backed and not traced: mapping it has no side effects. */
static inline bool recent_is_plain(const struct gframe *page)
{
    return page->host && !(page->flags & GFRAME_TRACED);
}

/* This page was looked up in full: prepare for those around it. pde: the guest's, which the links agree with. */
static inline void recent_remember(struct gspace *space, const struct shadow_table *table, gva_t address, uint32_t pde)
{
    const uint32_t *directory = gspace_peek(space, space->directory.v >> PAGE_SHIFT);
    uint32_t region = address.v / LARGE_PAGE_SIZE, slot = region % SHADOW_RECENT;
    struct shadow_pool *pool = space->shadows;

    if (pool->recent_regions[slot] == region && pool->recent[slot].pde == pde)
        return;
    pool->recent_regions[slot] = (uint16_t)region;
    pool->recent[slot] = (struct shadow_recent){
        .pde_at = &directory[gtable_pde_index(address)],
        .pde = pde,
        .first_record = rmap_first_record(space, table),
        .entries = gspace_peek(space, table->frame),
        .leaves = hpa_to_ptr(table->half[gtable_pte_index(address) / TABLE_ENTRIES]),
        .leaf_bits = pool->leaf_bits[table->role],
        .allowed = pool->allowed[(pde >> 1 & 3) + (space->wp ? 4 : 0)],
        .snapshot = table->snapshot.v ? hpa_to_ptr(table->snapshot) : NULL,
    };
}

#endif
