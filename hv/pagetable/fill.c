/*
 * fill.c - the hidden fault: the guest's tables allow it, the host's do not yet (PURE). Source: docs/shadow.md.
 *
 * The truth is always the guest's tables, read in memory at the fault, never what the shadows say: those say what was
 * there when they were filled, or hang where the guest has put another table since. Shadows are mended on the way.
 *
 * Two ways lead to the same leaf. gspace_fault_known is the hot one: the region's last walk is remembered, so there is
 * no walk. fill_walked is the full one, and remembers the region for the next.
 */
#include <stddef.h>

#include "base/codegen.h"
#include "cpu/x86.h"
#include "pagetable/audit.h"
#include "pagetable/bootvm.h"
#include "pagetable/compile.h"
#include "pagetable/fill_tail.h"
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
 */
static bool link_table(struct gspace *space, struct shadow_table *table, gva_t address, uint32_t pde)
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

    /*
     * The first write to a frame that tables were read from: they may be something else from now on. shadow_unsync
     * notes that for the next hv_setpd, and the leaf below gets its W, so that the writes after this one cost nothing.
     */
    if (access & ACCESS_WRITE && space->ram->frames[frame].flags & GFRAME_TRACED)
        shadow_unsync(space, frame);
    uint64_t leaf = compile_leaf(walk->pte, table->role, page, space->ram->frames[frame].flags & GFRAME_TRACED);
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

/*
 * The hot part of fill: as long as the guest's PDE is what it was, the link is right, and the walk would come to the
 * same table. No call but at the end, so that nothing needs saving: what is not the usual case is in fill_tail.c.
 *
 * The order of the tests is that of the contract: rights before the frame is looked at, since a refused access goes
 * through no entry and may name any frame. known->allowed answers for the rights of PDE, PTE, wp and this access in one
 * bit.
 */
enum gfault gspace_fault_known(struct gspace *space, gva_t address, uint32_t access,
                                const struct known_region *known)
{
    if (!region_is_right(known))
        return fill_walked(space, address, access);
    uint64_t entry = gtable_pte_index(address);
    WORK_OUT_HERE(entry);
    uint32_t pte = known->entries[entry], rights = pte >> 1 & 3, frame = pte >> GPTE_FRAME_SHIFT;

    if (!(pte & GPTE_P) || !(known->allowed[access / 2] >> rights & 1))
        return access | (pte & GPTE_P);
    struct gframe *page = &space->ram->frames[frame];
    WORK_OUT_HERE(page);
    if (frame >= space->ram->frame_count || !gframe_is_plain(page))
        return fill_tail_not_plain(space, address, access, known);
    if (known->snapshot)
        known->snapshot[entry] = pte;
    uint64_t bits = known->leaf_bits[rights];
    WORK_OUT_HERE(bits);
    KEEP_NOTHING_READ();
    if (access & ~(uint32_t)bits & ACCESS_WRITE)
        bits = compile_flipped(HPA(0));     /* allowed, and yet not writable: a flip page, and the kernel writes */
    WORK_OUT_HERE(bits);
    KEEP_NOTHING_READ();
    uint64_t *leaf = &known->leaves[entry % TABLE_ENTRIES], before = *leaf;
    *leaf = (uint64_t)page->host << PAGE_SHIFT | bits;
    KEEP_NOTHING_READ();
    /* A writable leaf is put on record, so that its W can be found and taken when the frame begins to hold tables. */
    if (bits & PTE_W) {
        uint32_t record = rmap_try_add(page, known->first_record | (uint32_t)entry);
        if (record)
            return fill_tail_shared(space, page, record, address, before);
    }
    if (before)
        return fill_tail_flush(space, address);
    audit_check(space);
    return GFAULT_FILLED;
}

enum gfault gspace_fault(struct gspace *space, gva_t address, uint32_t access)
{
    if (!space->paging->is_on)
        return bootvm_fault(space, address, access);
    if (region_is_known(space->shadows, address))
        return gspace_fault_known(space, address, access, region_slot(space->shadows, address));
    return fill_walked(space, address, access);
}
