/*
 * fill_known.h - the hot part of a hidden fault (PURE): a page of a region whose walk is remembered. It is inline,
 * since two serve faults by it: hidden_fault.c, and fill_touch.c when it has backed the page.
 */
#ifndef PAGETABLE_FILL_KNOWN_H
#define PAGETABLE_FILL_KNOWN_H

#include <stddef.h>

#include "base/codegen.h"
#include "pagetable/audit.h"
#include "pagetable/compile.h"
#include "pagetable/fill.h"
#include "pagetable/fill_tail.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"
#include "pagetable/region_cache.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"

/*
 * The leaf of a page that is plain, for an access that is allowed; entry and pte are its own. No call but at the end,
 * as below.
 */
static inline __attribute__((always_inline)) enum gfault
fill_plain(struct gspace *space, gva_t address, uint32_t access, const struct known_region *known,
           struct gframe *page, uint64_t entry, uint32_t pte)
{
    if (known->snapshot)
        known->snapshot[entry] = pte;
    uint64_t bits = known->leaf_bits[pte >> 1 & 3];
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

/*
 * As long as the guest's PDE is what it was, the link is right, and the walk would come to the same table. No call but
 * at the end, so that nothing needs saving: what is not the usual case is in fill_tail.c, and not_plain answers for a
 * page outside RAM, traced, or not backed.
 *
 * The order of the tests is that of the contract: rights before the frame is looked at, since a refused access goes
 * through no entry and may name any frame. known->allowed answers for the rights of PDE, PTE, wp and this access in one
 * bit.
 */
static inline __attribute__((always_inline)) enum gfault
fill_known(struct gspace *space, gva_t address, uint32_t access, const struct known_region *known,
           enum gfault (*not_plain)(struct gspace *, gva_t, uint32_t, const struct known_region *))
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
        return not_plain(space, address, access, known);
    return fill_plain(space, address, access, known, page, entry, pte);
}

#endif
