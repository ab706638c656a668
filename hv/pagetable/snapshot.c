/*
 * snapshot.c - take, keep and give back snapshots (PURE); snapshot.h says what they are.
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

void snapshot_trim(struct shadow_pool *pool)
{
    while (pool->kept_count > SNAPSHOTS_KEPT + pool->spare_frames)
        snapshot_free_oldest(pool);
}

void snapshot_keep(struct shadow_pool *pool, struct shadow_table *table)
{
    if (!table->snapshot.v)
        return;
    shadow_list_insert(pool, kept_head(pool), table);
    pool->kept_count++;
    snapshot_trim(pool);
}

void snapshot_take(struct gspace *space, struct shadow_table *table)
{
    struct shadow_pool *pool = space->shadows;
    const void *entries = ram_peek(space->ram, table->frame);

    if (is_kept(table)) {
        shadow_list_remove(pool, table);
        pool->kept_count--;
        return;
    }
    if (table->snapshot.v || !entries)
        return;
    table->snapshot = frames_alloc();
    if (!table->snapshot.v && snapshot_free_oldest(pool))
        table->snapshot = frames_alloc();
    if (table->snapshot.v)
        guest_table_copy(hpa_to_ptr(table->snapshot), entries);
}
