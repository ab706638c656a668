/*
 * give_back.c - frames that the guest has no use for go back to the machine (PURE).
 *
 * Any leaf may map such a frame: also one of a table that no directory links any more, and those that are read-only are
 * on no record (rmap.h). So all shadows are looked through first, once for the whole run of frames, and what maps one
 * of them goes. Leaves are only a cache: where it is not known what a leaf was made from, it goes, too. Then the frames
 * are taken one by one, first their own shadows, then the host frame.
 *
 * The guest stands still meanwhile. A report of it may be asked for between two pieces, and reads its memory: a leaf
 * that is made for that may lie where the search has been, which then begins again. The guest can be killed at any
 * point, and its memory taken apart: at each the tables are as sound as ever.
 */
#include <stddef.h>

#include "cpu/x86.h"
#include "pagetable/audit.h"
#include "pagetable/bootvm.h"
#include "pagetable/evict.h"
#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/shadow.h"
#include "pagetable/tlb_flush.h"

#define TABLE_STEPS 50u         /* a table's 1,024 leaves, of five instructions each */
#define EVICT_STEPS 500u        /* evict_links_most links of six each */
#define PAGE_RECORDS (PAGE_SIZE / sizeof(struct gframe))

static void spend_steps(uint32_t *steps, uint32_t spent)
{
    *steps -= spent < *steps ? spent : *steps;
}

/* What the leaves of a table were made from, as audit_shadows.c has it. NULL: not known. */
static const uint32_t *entries_compiled(const struct gspace *space, const struct shadow_table *table)
{
    if (table->snapshot.v)
        return hpa_to_ptr(table->snapshot);
    return table->is_synced ? ram_peek(space->ram, table->frame) : NULL;
}

/* The leaves of one table that may map a frame of the run. The caller flushes. Bound: 1,024 leaves (TABLE_STEPS). */
static void drop_leaves(const struct gspace *space, const struct shadow_table *table, uint32_t first, uint32_t count)
{
    const uint32_t *ptes = entries_compiled(space, table);

    for (uint32_t half = 0; half < 2; half++) {
        uint64_t *leaves = table->half[half].v ? hpa_to_ptr(table->half[half]) : NULL;
        for (uint32_t i = 0; leaves && i < TABLE_ENTRIES; i++)
            if (leaves[i] && (!ptes || (ptes[half * TABLE_ENTRIES + i] >> GPTE_FRAME_SHIFT) - first < count))
                leaves[i] = 0;
    }
}

/* Look through all shadows. False: steps are used up. Bound: *steps, one table more. */
static bool drop_all_leaves(struct gspace *space, uint32_t first, uint32_t count, uint32_t *steps)
{
    struct shadow_pool *pool = space->shadows;

    if (pool->give_back_table > pool->table_count)
        return true;
    if (pool->give_back_table == 0)
        pool->give_back_table = 1;
    for (; pool->give_back_table <= pool->table_count && *steps; pool->give_back_table++) {
        const struct shadow_table *table = &pool->tables[pool->give_back_table];
        spend_steps(steps, table->is_used ? TABLE_STEPS : 1);
        if (table->is_used)
            drop_leaves(space, table, first, count);
    }
    tlb_load_root(space->root);
    return pool->give_back_table > pool->table_count;
}

/* No leaf maps it. False: not done with it yet, since its shadows have many links. Bound: *steps, one eviction more. */
static bool give_frame(struct gspace *space, uint32_t frame, uint32_t *steps)
{
    struct gframe *record = &space->ram->frames[frame];

    if (!space->paging->is_on)
        bootvm_forget(space, frame);
    while (record->shadow && evict_of_frame(space, frame)) {
        spend_steps(steps, EVICT_STEPS);
        if (!*steps)
            return false;
    }
    if (record->shadow) {       /* of the directory that is loaded: as if the guest had cleared it */
        if (record->flags & GFRAME_TRACED)
            shadow_unsync(space, frame);
        bool is_own = !(record->flags & GFRAME_SHARED) || ram_own(space->ram, frame).v;
        if (record->host && is_own)     /* a copy for it has no room in a machine that is full: it stays as it is */
            table_clear(hpa_to_ptr(HPA((uint64_t)record->host << PAGE_SHIFT)));
        return true;
    }
    if (record->flags & GFRAME_SEARCHED)
        space->shadows->search_table = 0;
    ram_unback(space->ram, frame);
    return true;
}

/* How many frames from here on have no record, up to the end of its page: nothing is to be done for them. */
static uint32_t count_absent(const struct ram *ram, uint32_t frame)
{
    return ram->frames[frame].flags & GFRAME_ABSENT ? (uint32_t)(PAGE_RECORDS - frame % PAGE_RECORDS) : 0;
}

/* Bound: *steps. */
static bool give_frames(struct gspace *space, uint32_t *first, uint32_t *left, uint32_t *steps)
{
    while (*left) {
        uint32_t done = count_absent(space->ram, *first);
        if (!*steps)
            return false;
        spend_steps(steps, 1);
        if (!done && !give_frame(space, *first, steps))
            return false;
        if (!done)
            done = 1;
        if (done > *left)
            done = *left;
        *first += done;
        *left -= done;
    }
    return true;
}

void gspace_filled_for_hv(struct gspace *space)
{
    if (space->shadows)
        space->shadows->give_back_table = 0;
}

/* Bound: *steps, and one step more of the longest kind. */
bool gspace_give_back(struct gspace *space, uint32_t *first, uint32_t *left, uint32_t *steps)
{
    struct shadow_pool *pool = space->shadows;

    if (pool)
        shadow_forget_regions(pool);
    if (space->paging->is_on && !drop_all_leaves(space, *first, *left, steps))
        return false;
    if (!give_frames(space, first, left, steps))
        return false;
    if (pool)
        pool->give_back_table = 0;
    audit_check(space);
    return true;
}
