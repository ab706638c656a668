/*
 * rmap.c - record writable leaves, and take W from them (PURE).
 *
 * A frame can be traced only if each leaf that maps it writable is known: one that is missed would let the guest change
 * a table unseen, and hv_setpd would leave stale translations. So the record is exact or says that it is not
 * (GFRAME_MANY, GFRAME_SEARCHED), and then the frame is not traced: slower, never wrong.
 */
#include "pagetable/rmap.h"

#include <stddef.h>

#include "base/codegen.h"
#include "cpu/x86.h"
#include "pagetable/compile.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"

/* The host leaf of an entry of a guest table; NULL when that half is not there. */
static uint64_t *leaf_of(const struct shadow_table *table, uint32_t entry)
{
    hpa_t half = table->half[entry / TABLE_ENTRIES];
    return half.v ? (uint64_t *)hpa_to_ptr(half) + entry % TABLE_ENTRIES : NULL;
}

/*
 * The leaf that a record names, if it still maps this host frame writable. Records are not taken back when leaves
 * change or shadows go: whoever uses one looks here whether it is true.
 */
static uint64_t *live_leaf(const struct shadow_pool *pool, uint32_t record, uint32_t host)
{
    uint64_t wanted = (uint64_t)host << PAGE_SHIFT | PTE_P | PTE_W;
    uint64_t *leaf = leaf_of(&pool->tables[record >> RMAP_ENTRY_BITS], record & RMAP_ENTRY_MASK);

    return leaf && (*leaf & (PTE_ADDRESS | PTE_P | PTE_W)) == wanted ? leaf : NULL;
}

/* The leaf that a record names, if it maps this host frame, writable or not. */
static uint64_t *shown_leaf(const struct shadow_pool *pool, uint32_t record, uint32_t host)
{
    uint64_t wanted = (uint64_t)host << PAGE_SHIFT | PTE_P;
    uint64_t *leaf = leaf_of(&pool->tables[record >> RMAP_ENTRY_BITS], record & RMAP_ENTRY_MASK);

    return leaf && (*leaf & (PTE_ADDRESS | PTE_P)) == wanted ? leaf : NULL;
}

/*
 * A leaf that goes is not flushed: what the TLB still has of it is right until the frame moves, and then all is
 * flushed.
 */
void rmap_add_shared(struct gspace *space, uint32_t frame, const struct shadow_table *table, uint32_t entry)
{
    struct gframe *gframe = &space->ram->frames[frame];
    uint32_t record = rmap_first_record(space, table) | entry;

    for (unsigned i = 0; i < GFRAME_LEAVES; i++)
        if (gframe->leaf[i] == record)
            return;
    for (unsigned i = 0; i < GFRAME_LEAVES; i++)
        if (!shown_leaf(space->shadows, gframe->leaf[i], gframe->host)) {
            gframe->leaf[i] = record;
            return;
        }
    *shown_leaf(space->shadows, gframe->leaf[0], gframe->host) = 0;
    gframe->leaf[0] = gframe->leaf[1];
    gframe->leaf[1] = record;
}

void rmap_drop_shared(struct gspace *space, uint32_t frame, uint32_t host)
{
    for (unsigned i = 0; i < GFRAME_LEAVES; i++) {
        uint64_t *leaf = shown_leaf(space->shadows, space->ram->frames[frame].leaf[i], host);
        if (leaf)
            *leaf = 0;
    }
}

/* Nobody needs that the leaf of this record maps frame writable: see rmap.h. */
static bool is_needless(const struct gspace *space, uint32_t record, uint32_t frame)
{
    const struct shadow_table *table = &space->shadows->tables[record >> RMAP_ENTRY_BITS];

    if (!table->parents)
        return true;
    if (table->is_synced)
        return false;
    const uint32_t *ptes = ram_peek(space->ram, table->frame);
    uint32_t pte = ptes ? ptes[record & RMAP_ENTRY_MASK] : 0;
    return !(pte & GPTE_P) || pte >> GPTE_FRAME_SHIFT != frame || !compile_is_writable(pte, table->role);
}

/* hv_setpd will want to protect the frame, or tries to: it holds a directory, or a table that some directory links. */
static bool must_be_few(const struct gspace *space, uint32_t frame)
{
    const struct shadow_pool *pool = space->shadows;
    uint16_t index = space->ram->frames[frame].shadow;

    if (space->ram->frames[frame].flags & GFRAME_SEARCHED)
        return true;
    /* Bound: a frame's shadows, six at most. */
    for (; index && !(index & SHADOW_IS_DIRECTORY); index = pool->tables[index].next)
        if (pool->tables[index].parents)
            return true;
    return index != 0;
}

/*
 * Nothing is flushed where a leaf loses its W: the guest's entry allows the writes that the TLB still does, and whoever
 * protects the frame flushes.
 */
void rmap_add_another(struct gspace *space, uint32_t frame, uint32_t record)
{
    struct gframe *gframe = &space->ram->frames[frame];

    for (unsigned i = 0; i < GFRAME_LEAVES; i++)
        if (gframe->leaf[i] == record)
            return;
    for (unsigned i = 0; i < GFRAME_LEAVES; i++) {
        uint64_t *leaf = live_leaf(space->shadows, gframe->leaf[i], gframe->host);
        if (leaf && !is_needless(space, gframe->leaf[i], frame))
            continue;
        if (leaf)
            *leaf &= ~PTE_W;
        gframe->leaf[i] = record;
        return;
    }
    /*
     * Both leaves on record are alive and needed. Data that the guest shares may have as many as it likes: it is
     * marked, and only if it becomes a table is there work. A frame that holds tables must stay within its two: the
     * older one loses its W.
     */
    if (!must_be_few(space, frame)) {
        gframe->flags |= GFRAME_MANY;
        return;
    }
    *live_leaf(space->shadows, gframe->leaf[0], gframe->host) &= ~PTE_W;
    gframe->leaf[0] = gframe->leaf[1];
    gframe->leaf[1] = record;
}

/*
 * Begin to look for all leaves that map the frame writable. From here on leaf[] holds all but those that the search has
 * yet to find: new ones go on record as for a table in use (must_be_few). One search at a time, since each hv_setpd
 * pays for it.
 */
static void begin_search(struct gspace *space, uint32_t frame)
{
    struct shadow_pool *pool = space->shadows;
    struct gframe *gframe = &space->ram->frames[frame];

    if (pool->search_table)
        return;
    pool->search_table = 1;
    pool->search_frame = frame;
    gframe->flags = (uint16_t)((gframe->flags & ~GFRAME_MANY) | GFRAME_SEARCHED);
}

/* Take W from leaves of a table that map this frame, but those on record. Bound: 1,024 leaves of ten instructions. */
static void search_table(const struct shadow_pool *pool, uint32_t number, const struct gframe *gframe)
{
    uint64_t wanted = (uint64_t)gframe->host << PAGE_SHIFT | PTE_P | PTE_W;

    for (uint32_t half = 0; half < 2; half++) {
        uint64_t *leaves = leaf_of(&pool->tables[number], half * TABLE_ENTRIES);
        for (uint32_t i = 0; leaves && i < TABLE_ENTRIES; i++) {
            uint32_t record = number << RMAP_ENTRY_BITS | half * TABLE_ENTRIES | i;
            if ((leaves[i] & (PTE_ADDRESS | PTE_P | PTE_W)) == wanted && gframe->leaf[0] != record &&
                gframe->leaf[1] != record)
                leaves[i] &= ~PTE_W;
        }
    }
}

/* Bounds: so many tables are looked at, and the numbers of all passed over at most. */
uint32_t rmap_search_tables = 8;
void rmap_search(struct gspace *space)
{
    struct shadow_pool *pool = space->shadows;
    struct gframe *gframe = &space->ram->frames[pool->search_frame];

    if (!pool->search_table)
        return;
    for (uint32_t left = rmap_search_tables; left && pool->search_table <= pool->table_count; pool->search_table++) {
        if (!pool->tables[pool->search_table].is_used)
            continue;
        search_table(pool, pool->search_table, gframe);
        left--;
    }
    if (pool->search_table <= pool->table_count)
        return;
    pool->search_table = 0;
    gframe->flags &= (uint16_t)~GFRAME_SEARCHED;
}

/* Not all leaves that map it writable are on record, or it is shared and has none. True: it is traced. */
static __attribute__((noinline)) bool protect_unrecorded(struct gspace *space, uint32_t frame)
{
    struct gframe *gframe = &space->ram->frames[frame];
    bool is_shared = gframe->flags & GFRAME_SHARED;

    if (is_shared)
        gframe->flags |= GFRAME_TRACED;
    else if (gframe->flags & GFRAME_MANY)
        begin_search(space, frame);
    return is_shared;
}

/* The leaf on record, if it is one still, loses its W, and the record is free. */
static inline void take_write(const struct shadow_pool *pool, struct gframe *gframe, unsigned i)
{
    uint64_t *leaf = live_leaf(pool, gframe->leaf[i], gframe->host);

    if (leaf)
        *leaf &= ~PTE_W;
    gframe->leaf[i] = 0;
}

/*
 * True. Not inlined: most frames have one leaf, and would save registers for the second. Nor may the compiler know what
 * it returns: it then calls this where a jump would do.
 */
static __attribute__((noinline)) bool take_second_write(const struct shadow_pool *pool, struct gframe *gframe)
{
    bool is_taken = true;

    take_write(pool, gframe, 1);
    WORK_OUT_HERE(is_taken);
    return is_taken;
}

bool rmap_protect(struct gspace *space, uint32_t frame)
{
    struct gframe *gframe = &space->ram->frames[frame];

    if (gframe->flags & GFRAME_TRACED)
        return true;
    if (gframe->flags & (GFRAME_MANY | GFRAME_SEARCHED | GFRAME_SHARED))
        return protect_unrecorded(space, frame);
    _Static_assert(GFRAME_LEAVES == 2, "each is taken here");
    gframe->flags |= GFRAME_TRACED;
    take_write(space->shadows, gframe, 0);
    return !gframe->leaf[1] || take_second_write(space->shadows, gframe);
}
