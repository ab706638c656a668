/*
 * snapshot.c - take, keep and give back snapshots (PURE); snapshot.h says what they are.
 *
 * A snapshot goes through two states with its table: in use while the table is unsynced, kept when it has been synced
 * again. Only kept ones are on the list and counted, as only they can be given up at any time: the table is then copied
 * anew at its next first write.
 */
#include "pagetable/snapshot.h"

#include "base/frames.h"
#include "pagetable/guest_table.h"

static struct shadow_table *kept_head(struct shadow_pool *pool)
{
    return &pool->tables[pool->table_count + 1];
}

static bool is_kept(const struct shadow_table *table)
{
    return table->is_synced && table->snapshot.v;
}

void snapshot_free(struct shadow_pool *pool, struct shadow_table *table)
{
    if (!table->snapshot.v)
        return;
    if (is_kept(table)) {
        shadow_list_remove(pool, table);
        pool->kept_count--;
    }
    frames_free(table->snapshot);
    table->snapshot = HPA_NONE;
    shadow_forget_regions(pool);     /* it may hold the address */
}

bool snapshot_free_oldest(struct shadow_pool *pool)
{
    if (!pool->kept_count)
        return false;
    snapshot_free(pool, &pool->tables[kept_head(pool)->list_previous]);
    return true;
}

static inline bool are_too_many(const struct shadow_pool *pool)
{
    return pool->kept_count > SNAPSHOTS_KEPT + pool->spare_frames;
}

/*
 * Bound: what the change before it took from spare_frames, or put on the list: four at most. Not inlined: snapshot_keep
 * seldom needs it, and would save registers for it.
 */
__attribute__((noinline)) void snapshot_trim(struct shadow_pool *pool)
{
    while (are_too_many(pool))
        snapshot_free_oldest(pool);
}

void snapshot_keep(struct shadow_pool *pool, struct shadow_table *table)
{
    if (!table->snapshot.v)
        return;
    shadow_list_insert(pool, kept_head(pool), table);
    pool->kept_count++;
    if (are_too_many(pool))
        snapshot_trim(pool);
}

/* Not inlined: a kept snapshot, which is the usual case, needs no registers saved. */
static __attribute__((noinline)) void copy_table(struct gspace *space, struct shadow_table *table)
{
    struct shadow_pool *pool = space->shadows;
    const void *entries = ram_peek(space->ram, table->frame);

    if (table->snapshot.v || !entries)
        return;
    table->snapshot = frames_alloc();
    /*
     * Without memory there is no snapshot, and the table is compiled again in full when it is read: slower, not wrong.
     */
    if (!table->snapshot.v && snapshot_free_oldest(pool))
        table->snapshot = frames_alloc();
    if (table->snapshot.v)
        guest_table_copy(hpa_to_ptr(table->snapshot), entries);
}

void snapshot_take(struct gspace *space, struct shadow_table *table)
{
    /*
     * The first write to a table that kept its snapshot: the copy is still exact, as nobody could write meanwhile. That
     * is what it was kept for.
     */
    if (is_kept(table)) {
        shadow_list_remove(space->shadows, table);
        space->shadows->kept_count--;
    } else {
        copy_table(space, table);
    }
}
