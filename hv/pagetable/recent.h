/*
 * recent.h - what the last full look at a page left for the 2 MiB around it: struct shadow_recent of shadow.h (PURE).
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

/* The page is in that region, and its PDE still the same: both links are right then. */
static inline bool recent_is(const struct shadow_recent *recent, gva_t address)
{
    return address.v / LARGE_PAGE_SIZE == recent->region && *recent->pde_at == recent->pde;
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
    struct shadow_recent *recent = &space->shadows->recent;

    if (recent->region == address.v / LARGE_PAGE_SIZE && recent->pde == pde)
        return;
    *recent = (struct shadow_recent){
        .region = address.v / LARGE_PAGE_SIZE,
        .pde = pde,
        .pde_at = &directory[gtable_pde_index(address)],
        .entries = gspace_peek(space, table->frame),
        .leaves = hpa_to_ptr(table->half[gtable_pte_index(address) / TABLE_ENTRIES]),
        .first_record = rmap_first_record(space, table),
        .leaf_bits = space->shadows->leaf_bits[table->role],
        .allowed = space->shadows->allowed[(pde >> 1 & 3) + (space->wp ? 4 : 0)],
        .snapshot = table->snapshot.v ? hpa_to_ptr(table->snapshot) : NULL,
    };
}

#endif
