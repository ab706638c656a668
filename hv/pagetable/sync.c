/*
 * sync.c - read guest tables again, and trace their frames so that it need not be done twice (PURE).
 *
 * hv_setpd loads CR3, after which nothing stale may be left of what the guest changed since. What is read again is only
 * what may have changed: unsynced tables, and of those the ones that the new directory links. Leaves are changed in
 * place; the caller flushes, hv_setpd by its CR3 write, which is why W may be taken from leaves here without an INVLPG
 * each.
 *
 * Only entries that have a leaf are compiled. An entry that the guest made valid meanwhile has none: its first use
 * faults, and the fault reads it.
 */
#include "pagetable/sync.h"

#include <stddef.h>

#include "cpu/x86.h"
#include "pagetable/compile.h"
#include "pagetable/guest_table.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/rmap.h"
#include "pagetable/snapshot.h"

/*
 * What reading a table costs beside its entries, in the cost of compiling one, which is 60 instructions: the unit in
 * which sync_entries_most is counted. A comparison with a snapshot is REPE CMPSQ over 4 KiB; without one, two halves
 * are passed over.
 */
#define SYNC_COMPARE 10u
#define SYNC_LOOK_AT_ALL 64u
#define SYNC_LONG 128u      /* not worth doing twice */

/* Not inlined, for it would make whoever compiles entries long. */
__attribute__((noinline)) uint64_t sync_guarded_leaf(uint32_t pte, uint32_t role, const struct gframe *gframe)
{
    uint64_t leaf = compile_leaf(pte, role, HPA((uint64_t)gframe->host << PAGE_SHIFT), true);

    return gframe->flags & GFRAME_SHARED ? leaf | COMPILE_SHARED : leaf;
}

/*
 * The frame that a PTE maps. A frame outside RAM ends the guest only when an access goes through the entry: here it is
 * NULL, so that the leaf just goes, and the fault that follows says so. The same for one that is not backed.
 */
static inline const struct gframe *frame_of(const struct gspace *space, uint32_t pte)
{
    uint32_t frame = pte >> GPTE_FRAME_SHIFT;

    if (!(pte & GPTE_P) || frame >= space->ram->frame_count || !space->ram->frames[frame].host)
        return NULL;
    return &space->ram->frames[frame];
}

static inline bool is_guarded(const struct gframe *gframe)
{
    return gframe && gframe->flags & (GFRAME_TRACED | GFRAME_SHARED);
}

/* Of a frame that is not guarded, or of none. */
static inline uint64_t plain_leaf(uint32_t pte, uint32_t role, const struct gframe *gframe)
{
    return gframe ? compile_leaf(pte, role, HPA((uint64_t)gframe->host << PAGE_SHIFT), false) : 0;
}

uint64_t sync_leaf(const struct gspace *space, uint32_t pte, uint32_t role)
{
    const struct gframe *gframe = frame_of(space, pte);

    return is_guarded(gframe) ? sync_guarded_leaf(pte, role, gframe) : plain_leaf(pte, role, gframe);
}

/* Not inlined, for most are not guarded, and would save registers for it. */
static __attribute__((noinline)) void sync_guarded_entry(struct gspace *space, struct shadow_table *table,
                                                         uint32_t entry, uint32_t pte)
{
    uint64_t leaf = sync_guarded_leaf(pte, table->role, &space->ram->frames[pte >> GPTE_FRAME_SHIFT]);

    sync_set_leaf(space, table, entry, leaf, pte);
}

/* Read one entry again, if it has a leaf. */
static void sync_entry(struct gspace *space, struct shadow_table *table, uint32_t entry, uint32_t pte)
{
    hpa_t half = table->half[entry / TABLE_ENTRIES];
    const uint64_t *leaves = half.v ? hpa_to_ptr(half) : NULL;

    if (!leaves || !leaves[entry % TABLE_ENTRIES])
        return;
    uint64_t before = leaves[entry % TABLE_ENTRIES];
    const struct gframe *gframe = frame_of(space, pte);
    if (is_guarded(gframe)) {
        sync_guarded_entry(space, table, entry, pte);
        return;
    }
    uint64_t leaf = plain_leaf(pte, table->role, gframe);
    if (leaf != before)
        sync_set_leaf(space, table, entry, leaf, pte);
}

/* Only what differs from the snapshot, which follows. How many entries that was. Bound: the 1,024 of a table. */
static uint32_t sync_changes(struct gspace *space, struct shadow_table *table, const uint32_t *entries)
{
    uint32_t *snapshot = hpa_to_ptr(table->snapshot);
    uint32_t word = guest_table_find_difference(entries, snapshot, 0), read = 0;

    for (; word < GUEST_TABLE_WORDS; word = guest_table_find_difference(entries, snapshot, word + 1)) {
        /* A word of the comparison is two entries; perhaps only one of them differs. */
        for (uint32_t entry = 2 * word; entry < 2 * word + 2; entry++) {
            if (entries[entry] == snapshot[entry])
                continue;
            sync_entry(space, table, entry, entries[entry]);
            snapshot[entry] = entries[entry];
            read++;
        }
    }
    return read;
}

/*
 * Read the guest's table again: leaves that no longer agree change or go. The caller flushes. Returns what that cost,
 * in entries compiled. Bound: the 1,024 entries of a table, some 60 instructions each.
 */
static uint32_t sync_table(struct gspace *space, struct shadow_table *table)
{
    const uint32_t *entries = ram_peek(space->ram, table->frame);
    uint32_t read = SYNC_LOOK_AT_ALL;

    if (entries && table->snapshot.v)
        return SYNC_COMPARE + sync_changes(space, table, entries);
    for (uint32_t half = 0; half < 2; half++) {
        const uint64_t *leaves = table->half[half].v ? hpa_to_ptr(table->half[half]) : NULL;
        if (!leaves)
            continue;
        for (uint32_t i = table_next_used(leaves, 0); i < TABLE_ENTRIES; i = table_next_used(leaves, i + 1)) {
            sync_entry(space, table, half * TABLE_ENTRIES + i, entries ? entries[half * TABLE_ENTRIES + i] : 0);
            read++;
        }
    }
    return read;
}

void sync_linked(struct gspace *space, struct shadow_table *table)
{
    bool was_known = table->snapshot.v != 0;

    /*
     * A table with many leaves was read in full: with a snapshot the next hv_setpd need only compare. A short one costs
     * little each time, and a copy would take 4 KiB.
     */
    if (sync_table(space, table) < SYNC_LONG || was_known)
        return;
    snapshot_take(space, table);
    shadow_forget_regions(space->shadows);      /* they know of no snapshot */
}

/* The shadow that this guest PDE names, if there is one. Bound: the six shadows of a frame. */
static struct shadow_table *named_table(const struct gspace *space, uint32_t pde, uint32_t wp)
{
    uint32_t frame = pde >> GPTE_FRAME_SHIFT;

    if (!(pde & GPTE_P) || pde & GPDE_PS || frame >= space->ram->frame_count)
        return NULL;
    return shadow_find_table(space, frame, compile_role(pde, wp));
}

/*
 * A link of the directory, half host % 2 of guest PDE host / 2: keep it if that is what the PDE says, else clear it.
 * Never made here: a table whose shadow is missing is linked by the first fault that needs it.
 */
static void sync_link(struct gspace *space, struct shadow_directory *directory, uint64_t *link, uint32_t host,
                      uint32_t pde)
{
    struct shadow_table *table = named_table(space, pde, directory->wp);

    if (table && table->half[host % 2].v && *link == compile_pde(pde, directory->wp, table->half[host % 2]))
        shadow_add_parent(space->shadows, table, directory, host / 2);
    else
        *link = 0;
}

/*
 * Bound: all tables, four instructions each, and the 2,048 links that a directory has room for, some 60 each where all
 * are there: 0.14 M.
 */
void sync_directory(struct gspace *space, struct shadow_directory *directory)
{
    struct shadow_pool *pool = space->shadows;
    const uint32_t *pdes = ram_peek(space->ram, directory->frame);
    uint64_t bit = shadow_directory_bit(pool, directory);

    shadow_forget_regions(pool);
    for (uint32_t i = 1; i <= pool->table_count; i++)
        pool->tables[i].parents &= ~bit;
    directory->unsynced = 0;
    for (uint32_t which = 0; which < 4; which++) {
        uint64_t *links = directory->pd[which].v ? hpa_to_ptr(directory->pd[which]) : NULL;
        if (!links)
            continue;
        for (uint32_t i = table_next_used(links, 0); i < TABLE_ENTRIES; i = table_next_used(links, i + 1)) {
            uint32_t host = which * TABLE_ENTRIES + i - shadow_host_index(space, 0, 0);
            sync_link(space, directory, &links[i], host, pdes ? pdes[host / 2] : 0);
        }
    }
}

bool sync_is_link_stale(const struct gspace *space, uint32_t index, uint32_t pde, const struct shadow_table *table)
{
    for (uint32_t half = 0; half < 2; half++) {
        const uint64_t *link = shadow_pde(space, space->shadows->current, index, half);
        if (link && *link && !(table && *link == compile_pde(pde, space->paging->wp, table->half[half])))
            return true;
    }
    return false;
}

/*
 * Tables that are still unsynced, and that there was no time for, hang in this directory no more: whoever touches what
 * they map faults, and the fault reads the table. Bound: the 1,020 entries of a directory that a guest can use, some 40
 * instructions each, and the unsynced tables, ten each. Not inlined: seldom, and whoever calls it would save registers.
 */
static __attribute__((noinline)) void unlink_unsynced(struct gspace *space, struct shadow_directory *directory)
{
    struct shadow_pool *pool = space->shadows;
    const uint32_t *pdes = ram_peek(space->ram, directory->frame);
    uint32_t count = gspace_max_gva(space) / LARGE_PAGE_SIZE / 2 + 1;

    for (uint32_t i = 0; pdes && i < count; i++) {
        const struct shadow_table *table = named_table(space, pdes[i], directory->wp);
        if (!table || table->is_synced)
            continue;
        for (uint32_t half = 0; half < 2; half++) {
            uint64_t *link = shadow_pde(space, directory, i, half);
            if (link)
                *link = 0;
        }
    }
    for (uint16_t i = pool->tables[0].list_next; i; i = pool->tables[i].list_next)
        pool->tables[i].parents &= ~shadow_directory_bit(pool, directory);
    directory->unsynced = 0;
}

/* Bound: the cost of so many entries, and of one table more at most. */
uint32_t sync_entries_most = 5000;

/*
 * Read again the unsynced tables that the directory links, the last written first. False: there are more. Bound: above,
 * and those that another directory links are passed over, some eight instructions each of 4,095 at most.
 */
static bool sync_tables(struct gspace *space, struct shadow_directory *directory)
{
    struct shadow_pool *pool = space->shadows;
    uint64_t bit = shadow_directory_bit(pool, directory);
    uint32_t spent = 0, left = directory->unsynced;
    uint16_t next;

    for (uint16_t i = pool->tables[0].list_next; i && left != 0; i = next) {
        struct shadow_table *table = &pool->tables[i];
        next = table->list_next;
        if (!(table->parents & bit))
            continue;
        left--;
        if (spent >= sync_entries_most)
            return false;
        spent += sync_table(space, table);
        /*
         * Traced from here on: the next hv_setpd need not look at this table unless it is written to. Where that cannot
         * be (the frame is mapped writable in more places than are on record) it stays unsynced, and is compared each
         * time.
         */
        if (rmap_protect(space, table->frame)) {
            shadow_mark_synced(pool, table);
        } else {
            directory->is_dirty = true;
            snapshot_take(space, table);    /* it will be read again each time: then at least quickly */
        }
    }
    return true;
}

void sync_reachable(struct gspace *space, struct shadow_directory *directory)
{
    if (!directory->is_dirty)
        return;
    rmap_search(space);
    directory->is_dirty = false;
    if (!directory->is_synced) {
        sync_directory(space, directory);
        directory->is_synced = rmap_protect(space, directory->frame);
        directory->is_dirty = !directory->is_synced;
    }
    if (!sync_tables(space, directory)) {
        unlink_unsynced(space, directory);
        directory->is_dirty = !directory->is_synced;
    }
}
