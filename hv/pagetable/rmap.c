/*
 * rmap.c - record writable leaves, and take W from them (PURE).
 */
#include "pagetable/rmap.h"

#include <stddef.h>

#include "cpu/x86.h"
#include "pagetable/layout.h"

/* The host leaf of an entry of a guest table; NULL when that half is not there. */
static uint64_t *leaf_of(const struct shadow_table *table, uint32_t entry)
{
    hpa_t half = table->half[entry / TABLE_ENTRIES];
    return half.v ? (uint64_t *)hpa_to_ptr(half) + entry % TABLE_ENTRIES : NULL;
}

/* The leaf that a record names, if it maps this host frame writable. */
static uint64_t *live_leaf(const struct shadow_pool *pool, uint32_t record, uint32_t host)
{
    uint64_t wanted = (uint64_t)host << PAGE_SHIFT | PTE_P | PTE_W;
    uint64_t *leaf = leaf_of(&pool->tables[record >> RMAP_ENTRY_BITS], record & ((1u << RMAP_ENTRY_BITS) - 1));

    return leaf && (*leaf & (PTE_ADDRESS | PTE_P | PTE_W)) == wanted ? leaf : NULL;
}

void rmap_add_another(struct gspace *space, uint32_t frame, uint32_t record)
{
    struct gframe *gframe = &space->frames[frame];

    for (unsigned i = 0; i < GFRAME_LEAVES; i++)
        if (gframe->leaf[i] == record)
            return;
    for (unsigned i = 0; i < GFRAME_LEAVES; i++) {
        if (!live_leaf(space->shadows, gframe->leaf[i], gframe->host)) {
            gframe->leaf[i] = record;
            return;
        }
    }
    gframe->flags |= GFRAME_MANY;
}

bool rmap_protect(struct gspace *space, uint32_t frame)
{
    struct gframe *gframe = &space->frames[frame];

    if (gframe->flags & GFRAME_TRACED)
        return true;
    if (gframe->flags & GFRAME_MANY)
        return false;
    for (unsigned i = 0; i < GFRAME_LEAVES; i++) {
        uint64_t *leaf = live_leaf(space->shadows, gframe->leaf[i], gframe->host);
        if (leaf)
            *leaf &= ~PTE_W;
        gframe->leaf[i] = 0;
    }
    gframe->flags |= GFRAME_TRACED;
    return true;
}
