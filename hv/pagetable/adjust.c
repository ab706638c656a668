/*
 * adjust.c - hv_adjustpg: one PDE and one PTE are read again (PURE). Source: docs/shadow.md.
 *
 * It is the guest's INVLPG: what the guest has written to these two entries must be seen from here on, whatever is
 * known of the table. The leaf is made anew, also one that was not there: a guest calls this for a page that it is
 * about to use, and a hidden fault would cost more.
 */
#include <stddef.h>

#include "base/codegen.h"
#include "cpu/x86.h"
#include "pagetable/audit.h"
#include "pagetable/compile.h"
#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/region_cache.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"
#include "pagetable/sync.h"
#include "pagetable/tlb_flush.h"

/* The page's leaf is right, but its frame has two records already. */
static __attribute__((noinline)) bool record_another(struct gspace *space, gva_t address, const struct gframe *page,
                                                     uint32_t record)
{
    rmap_add_another(space, (uint32_t)(page - space->ram->frames), record);
    audit_check(space);
    return tlb_flush_page_true(gspace_linear(space, address));
}

/*
 * The full way: nothing is remembered of the region, its PDE has changed, or the call is refused. False: it is refused,
 * and the words for it are in hypercall/call_paging.c.
 */
static __attribute__((noinline)) bool adjust_walked(struct gspace *space, gva_t address)
{
    if (!space->paging->is_on || address.v & PAGE_MASK || address.v > gspace_max_gva(space))
        return false;
    struct shadow_pool *pool = space->shadows;
    const uint64_t *links = shadow_pde(space, pool->current, gtable_pde_index(address), 0);
    /* Nothing there since the region was unlinked and flushed last: the next fault reads what the guest says then. */
    if (!links || !(links[0] | links[1]))
        return tlb_flush_page_true(gspace_linear(space, address));
    const uint32_t *directory = ram_peek(space->ram, space->paging->directory.v >> PAGE_SHIFT);
    uint32_t pde = directory ? directory[gtable_pde_index(address)] : 0;
    uint32_t frame = pde >> GPTE_FRAME_SHIFT, entry = gtable_pte_index(address);
    bool is_usable = pde & GPTE_P && !(pde & GPDE_PS) && frame < space->ram->frame_count;
    struct shadow_table *table =
        is_usable ? shadow_find_table(space, frame, compile_role(pde, space->paging->wp)) : NULL;

    /*
     * The PDE names another table, or has other rights, than what is linked: rights of 4 MiB may have gone down, of
     * which the TLB still has the old ones, so the whole is flushed, not a page.
     */
    if (sync_is_link_stale(space, gtable_pde_index(address), pde, table)) {
        sync_directory(space, pool->current);
        tlb_load_root(space->root);
    }
    if (table && table->half[entry / TABLE_ENTRIES].v) {
        const uint32_t *entries = ram_peek(space->ram, frame);
        uint32_t pte = entries ? entries[entry] : 0;
        sync_set_leaf(space, table, entry, sync_leaf(space, pte, table->role), pte);
        sync_note(table, entry, pte);
        const uint64_t *link = shadow_pde(space, pool->current, gtable_pde_index(address), entry / TABLE_ENTRIES);
        if (link && *link)
            region_remember(space, table, address, pde);
    }
    tlb_flush_page(gspace_linear(space, address));
    audit_check(space);
    return true;
}

/*
 * The region is remembered, but its page is not present, outside RAM, not backed, or traced. Only the last has a leaf.
 */
static __attribute__((noinline)) bool adjust_not_plain(struct gspace *space, gva_t address,
                                                       const struct known_region *known)
{
    uint32_t entry = gtable_pte_index(address), pte = known->entries[entry], frame = pte >> GPTE_FRAME_SHIFT;

    if (pte & GPTE_P && frame < space->ram->frame_count && space->ram->frames[frame].host)
        return adjust_walked(space, address);
    if (known->snapshot)
        known->snapshot[entry] = pte;
    known->leaves[entry % TABLE_ENTRIES] = 0;
    audit_check(space);
    return tlb_flush_page_true(gspace_linear(space, address));
}

/*
 * The hot part, as in fill_known.h: for a PDE that is the same as when it was remembered, which only pages are; with no
 * call but at the end.
 */
bool gspace_adjustpg(struct gspace *space, gva_t address)
{
    const struct shadow_pool *pool = space->shadows;

    if (!pool || address.v & PAGE_MASK)
        return adjust_walked(space, address);
    if (!region_is_known(pool, address))
        return adjust_walked(space, address);
    const struct known_region *known = region_slot(pool, address);
    WORK_OUT_HERE(known);
    if (!region_is_right(known))
        return adjust_walked(space, address);
    uint64_t entry = gtable_pte_index(address);
    WORK_OUT_HERE(entry);
    uint32_t pte = known->entries[entry], frame = pte >> GPTE_FRAME_SHIFT;
    struct gframe *page = &space->ram->frames[frame];
    WORK_OUT_HERE(page);
    if (!(pte & GPTE_P) || frame >= space->ram->frame_count || !gframe_is_plain(page))
        return adjust_not_plain(space, address, known);
    if (known->snapshot)
        known->snapshot[entry] = pte;
    uint64_t bits = known->leaf_bits[pte >> 1 & 3];
    WORK_OUT_HERE(bits);
    KEEP_NOTHING_READ();
    known->leaves[entry % TABLE_ENTRIES] = (uint64_t)page->host << PAGE_SHIFT | bits;
    KEEP_NOTHING_READ();
    uint32_t record = bits & PTE_W ? rmap_try_add(page, known->first_record | (uint32_t)entry) : 0;
    if (record)
        return record_another(space, address, page, record);
    audit_check(space);
    return tlb_flush_page_true(gspace_linear(space, address));
}
