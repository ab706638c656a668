/*
 * drop_leaves.c - let all leaves of a space go, which come back as hidden faults (PURE): its frames are about to have
 * other owners, and nobody may write them unseen. Shadows stay as they are, and so do links, snapshots and what is
 * traced.
 */
#include "pagetable/bootvm.h"
#include "pagetable/gspace.h"
#include "pagetable/host_table.h"
#include "pagetable/shadow.h"

/* Nothing is left to be found: the frame that was searched for has no writable leaf. */
static void end_search(struct gspace *space)
{
    struct shadow_pool *pool = space->shadows;

    if (pool->search_table)
        space->ram->frames[pool->search_frame].flags &= (uint16_t)~GFRAME_SEARCHED;
    pool->search_table = 0;
}

/* Bound: *steps, tables of 1,024 leaves; those that are not in use are passed over, 4,095 at most. */
static bool drop_shadow_leaves(struct gspace *space, uint32_t *at, uint32_t *steps)
{
    struct shadow_pool *pool = space->shadows;

    for (; *at < pool->table_count; ++*at) {
        const struct shadow_table *table = &pool->tables[*at + 1];
        if (!table->is_used)
            continue;
        if (*steps == 0)
            return false;
        --*steps;
        for (unsigned half = 0; half < 2; half++)
            if (table->half[half].v)
                table_clear(hpa_to_ptr(table->half[half]));
    }
    end_search(space);
    return true;
}

bool gspace_drop_leaves(struct gspace *space, uint32_t *at, uint32_t *steps)
{
    return space->paging->is_on ? drop_shadow_leaves(space, at, steps) : bootvm_drop_leaves(space, at, steps);
}
