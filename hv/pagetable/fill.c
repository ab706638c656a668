/*
 * fill.c - the hidden fault in full: the guest's tables allow it, the host's do not yet (PURE). Source: docs/shadow.md.
 *
 * The truth is always the guest's tables, read in memory at the fault, never what the shadows say: those say what was
 * there when they were filled, or hang where the guest has put another table since. Shadows are mended on the way.
 *
 * Two ways lead to the same leaf. fill_known is the hot one: the region's last walk is remembered, so there is no walk.
 * fill_walked, here, is the full one, and remembers the region for the next.
 */
#include <stddef.h>

#include "cpu/x86.h"
#include "pagetable/audit.h"
#include "pagetable/compile.h"
#include "pagetable/fill.h"
#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/region_cache.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"
#include "pagetable/sync.h"
#include "pagetable/tlb_flush.h"

static const uint32_t *peek_table(const void *context, uint32_t frame)
{
    return ram_peek(context, frame);
}

static inline struct gwalk walk_guest(const struct gspace *space, gva_t address, uint32_t access)
{
    return gwalk(&(struct gwalk_tables){
        .directory = ram_peek(space->ram, space->paging->directory.v >> PAGE_SHIFT),
        .get_table = peek_table,
        .context = space->ram,
        .frame_count = space->ram->frame_count,
        .wp = space->paging->wp,
    }, address, access);
}

/*
 * The current directory's link to this half of the table is missing or wrong: make it, and the half. False: no memory.
 * Not inlined: a link that is right would pay for its registers.
 */
static __attribute__((noinline)) bool link_table(struct gspace *space, struct shadow_table *table,
                                                 gva_t address, uint32_t pde)
{
    struct shadow_pool *pool = space->shadows;
    uint32_t half = gtable_pte_index(address) / TABLE_ENTRIES;

    /* Making a link or a half may want a frame, and find one by evicting: not this table. */
    pool->pinned = (uint16_t)(table - pool->tables);
    uint64_t *link = shadow_make_pde(space, pool->current, gtable_pde_index(address), half);
    bool is_made = link && (table->half[half].v || shadow_make_half(space, table, half));
    pool->pinned = 0;
    if (!is_made)
        return false;
    /* The PDE names another table by now, or has other rights; also where only the other half was linked before. */
    if (*link || sync_is_link_stale(space, gtable_pde_index(address), pde, table)) {
        sync_directory(space, pool->current);
        tlb_load_root(space->root);
    }
    if (!table->is_synced) {    /* what it says may be from before the last hv_setpd */
        sync_linked(space, table);
        pool->current->is_dirty = true;
    }
    shadow_add_parent(pool, table, pool->current, gtable_pde_index(address));
    *link = compile_pde(pde, space->paging->wp, table->half[half]);
    return true;
}

/* A copy of a frame that other guests have, too. Memory for it may be found by evicting, but not this table. */
static __attribute__((noinline)) hpa_t begin_writing(struct gspace *space, const struct shadow_table *table,
                                                     uint32_t frame)
{
    struct shadow_pool *pool = space->shadows;

    pool->pinned = (uint16_t)(table - pool->tables);
    hpa_t page = ram_own(space->ram, frame);
    pool->pinned = 0;
    tlb_load_root(space->root);
    return page;
}

/* Every access that the guest's tables allow and the host's do not. */
static enum gfault fill_allowed(struct gspace *space, gva_t address, uint32_t access, const struct gwalk *walk)
{
    uint32_t wp = space->paging->wp;
    uint32_t frame = walk->pte >> GPTE_FRAME_SHIFT, entry = gtable_pte_index(address);
    uint32_t half = entry / TABLE_ENTRIES;
    hpa_t page = ram_back(space->ram, frame);     /* first: it may evict what the rest looks up */
    struct shadow_table *table =
        shadow_get_table(space, walk->pde >> GPTE_FRAME_SHIFT, compile_role(walk->pde, wp));

    if (!page.v)
        return GFAULT_NO_MEMORY;
    if (!table)
        return GFAULT_FILLED;   /* not yet: the access faults again, and evicting goes on */
    const uint64_t *link = shadow_pde(space, space->shadows->current, gtable_pde_index(address), half);
    bool is_linked = link && *link && *link == compile_pde(walk->pde, wp, table->half[half]);
    if (!is_linked && !link_table(space, table, address, walk->pde))
        return GFAULT_NO_MEMORY;

    const struct gframe *gframe = &space->ram->frames[frame];
    /*
     * The first write to a frame that tables were read from: they may be something else from now on. shadow_unsync
     * notes that for the next hv_setpd, and the leaf below gets its W, so that the writes after this one cost nothing.
     */
    if (access & ACCESS_WRITE && gframe->flags & GFRAME_TRACED)
        shadow_unsync(space, frame);
    if (access & ACCESS_WRITE && gframe->flags & GFRAME_SHARED) {
        page = begin_writing(space, table, frame);
        if (!page.v)
            return GFAULT_NO_MEMORY;
    }
    uint64_t leaf = gframe->flags & (GFRAME_TRACED | GFRAME_SHARED)
                        ? sync_guarded_leaf(walk->pte, table->role, gframe)
                        : compile_leaf(walk->pte, table->role, page, false);
    /* ACCESS_WRITE without ACCESS_USER: guest kernel writes to a page that user may read and not write, under wp 0. */
    if (access == ACCESS_WRITE && compile_is_flip(walk->pte, table->role))
        leaf = compile_flipped(page);
    uint64_t *leaves = hpa_to_ptr(table->half[half]);
    uint64_t before = leaves[entry % TABLE_ENTRIES];
    sync_set_leaf(space, table, entry, leaf, walk->pte);
    sync_note(table, entry, walk->pte);
    /*
     * A leaf that was there with fewer rights may be in the TLB; one that was not there cannot be: SDM vol. 3
     * "Invalidation of TLBs and Paging-Structure Caches".
     */
    if (before)
        tlb_flush_page(gspace_linear(space, address));
    region_remember(space, table, address, walk->pde);
    audit_check(space);
    return GFAULT_FILLED;
}

__attribute__((noinline)) enum gfault fill_walked(struct gspace *space, gva_t address, uint32_t access)
{
    struct gwalk walk = walk_guest(space, address, access);

    switch (walk.verdict) {
    case GWALK_ALLOWED:
        return fill_allowed(space, address, access, &walk);
    case GWALK_NOT_PRESENT:
    case GWALK_DENIED:
        return gwalk_error(walk.verdict, access);
    default:
        return GFAULT_BAD_ENTRY;
    }
}
