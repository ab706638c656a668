/*
 * rmap.c - record writable leaves, and take W from them (PURE).
 */
#include "pagetable/rmap.h"

#include <stddef.h>

#include "cpu/x86.h"
#include "pagetable/host_table.h"

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
    struct gframe *gframe = &space->ram->frames[frame];

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

/*
 * Looking for a frame's leaves costs a pass over all tables, so each frame gets one in so many hv_setpds, and each
 * hv_setpd has time for one frame: nobody else runs meanwhile. False: not now.
 */
#define TRIES_SHIFT 8u
static bool may_try(struct shadow_pool *pool, struct gframe *gframe)
{
    uint16_t now = (uint16_t)(((pool->stamp >> TRIES_SHIFT) % 255 + 1) << GFRAME_TRIED_SHIFT);
    bool was_tried = (gframe->flags & 0xFFu << GFRAME_TRIED_SHIFT) == now;

    if (was_tried || pool->tried_until > pool->stamp)
        return false;
    pool->tried_until = pool->stamp + 1;
    gframe->flags = (uint16_t)((gframe->flags & ((1u << GFRAME_TRIED_SHIFT) - 1)) | now);
    return true;
}

/* Leaves that map it writable are few again, perhaps: then record these. False: there are too many. */
static bool record_anew(const struct shadow_pool *pool, struct gframe *gframe)
{
    uint64_t wanted = (uint64_t)gframe->host << PAGE_SHIFT | PTE_P | PTE_W;
    uint32_t found[GFRAME_LEAVES] = { 0 }, count = 0;

    for (uint32_t i = 1; i <= pool->table_count; i++) {
        for (uint32_t half = 0; half < 2 && pool->tables[i].is_used; half++) {
            const uint64_t *leaves = leaf_of(&pool->tables[i], half * TABLE_ENTRIES);
            for (uint32_t j = 0; leaves && j < TABLE_ENTRIES; j++) {
                if ((leaves[j] & (PTE_ADDRESS | PTE_P | PTE_W)) != wanted)
                    continue;
                if (count == GFRAME_LEAVES)
                    return false;
                found[count++] = i << RMAP_ENTRY_BITS | half * TABLE_ENTRIES | j;
            }
        }
    }
    for (uint32_t i = 0; i < GFRAME_LEAVES; i++)
        gframe->leaf[i] = found[i];
    gframe->flags &= (uint16_t)~GFRAME_MANY;
    return true;
}

bool rmap_protect(struct gspace *space, uint32_t frame)
{
    struct gframe *gframe = &space->ram->frames[frame];

    if (gframe->flags & GFRAME_TRACED)
        return true;
    if (gframe->flags & GFRAME_MANY && !(may_try(space->shadows, gframe) && record_anew(space->shadows, gframe)))
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
