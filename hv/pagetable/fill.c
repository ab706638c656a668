/*
 * fill.c - the hidden fault: the guest's tables allow it, the host's do not yet (PURE). Source: docs/shadow.md.
 */
#include <stddef.h>

#include "cpu/x86.h"
#include "pagetable/audit.h"
#include "pagetable/bootvm.h"
#include "pagetable/compile.h"
#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"
#include "pagetable/layout.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"
#include "pagetable/sync.h"
#include "pagetable/tlb.h"

static const uint32_t *peek_table(const void *context, uint32_t frame)
{
    return gspace_peek(context, frame);
}

static struct gwalk walk_guest(const struct gspace *space, gva_t address, uint32_t access)
{
    return gwalk(&(struct gwalk_tables){
        .directory = gspace_peek(space, space->directory.v >> PAGE_SHIFT),
        .get_table = peek_table,
        .context = space,
        .frame_count = space->frame_count,
        .wp = space->wp,
    }, address, access);
}

/* Make the current directory's link to this half of the table right. False: no memory. */
static bool link_table(struct gspace *space, struct shadow_table *table, gva_t address, uint32_t pde)
{
    struct shadow_pool *pool = space->shadows;
    struct shadow_directory *directory = &pool->directories[pool->current];
    uint32_t half = gtable_pte_index(address) / TABLE_ENTRIES;
    uint64_t *link = shadow_make_pde(space, directory, gtable_pde_index(address), half);

    if (link && !table->half[half].v)
        table->half[half] = shadow_alloc_frame(space);
    if (!link || !table->half[half].v)
        return false;
    uint64_t wanted = compile_pde(pde, space->wp, table->half[half]);
    if (*link == wanted)
        return true;
    if (*link) {    /* the PDE names another table by now, or has other rights */
        sync_directory(space, directory);
        tlb_load_root(space->root);
    }
    if (!table->is_synced) {    /* what it says may be from before the last hv_setpd */
        sync_table(space, table);
        directory->is_dirty = true;
    }
    table->parents |= shadow_directory_bit(pool, directory);
    *link = wanted;
    return true;
}

/* Set the leaf for an access that the guest's tables allow. False: no memory. */
static bool fill_leaf(struct gspace *space, struct shadow_table *table, gva_t address, uint32_t access, uint32_t pte)
{
    uint32_t frame = pte >> GPTE_FRAME_SHIFT, entry = gtable_pte_index(address);
    hpa_t page = gspace_back(space, frame);

    if (!page.v)
        return false;
    if (access & ACCESS_WRITE && space->frames[frame].flags & GFRAME_TRACED)
        shadow_unsync(space, frame);
    uint64_t leaf = compile_leaf(pte, table->role, page, space->frames[frame].flags & GFRAME_TRACED);
    if (access == ACCESS_WRITE && compile_is_flip(pte, table->role))
        leaf = compile_flipped(page);
    uint64_t before = ((uint64_t *)hpa_to_ptr(table->half[entry / TABLE_ENTRIES]))[entry % TABLE_ENTRIES];
    sync_set_leaf(space, table, entry, leaf, pte);
    if (before)
        tlb_flush_page(address);
    return true;
}

static enum gfault fill(struct gspace *space, gva_t address, uint32_t access, const struct gwalk *walk)
{
    struct shadow_table *table =
        shadow_get_table(space, walk->pde >> GPTE_FRAME_SHIFT, compile_role(walk->pde, space->wp));
    if (!table)
        return GFAULT_NO_MEMORY;
    space->shadows->pinned = (uint16_t)(table - space->shadows->tables);
    bool is_done = link_table(space, table, address, walk->pde) && fill_leaf(space, table, address, access, walk->pte);
    space->shadows->pinned = 0;
    audit_check(space);
    return is_done ? GFAULT_FILLED : GFAULT_NO_MEMORY;
}

enum gfault gspace_fault(struct gspace *space, gva_t address, uint32_t access, uint32_t *error)
{
    if (!space->paging)
        return bootvm_fault(space, address, access, error);
    struct gwalk walk = walk_guest(space, address, access);
    switch (walk.verdict) {
    case GWALK_ALLOWED:
        return fill(space, address, access, &walk);
    case GWALK_NOT_PRESENT:
    case GWALK_DENIED:
        *error = gwalk_error(walk.verdict, access);
        return GFAULT_REFLECT;
    default:
        return GFAULT_BAD_ENTRY;
    }
}

enum status gspace_setpd(struct gspace *space, gpa_t directory_address, uint32_t wp)
{
    if (!space->shadows && shadow_pool_create(space) != STATUS_OK)
        return STATUS_NO_MEMORY;
    struct shadow_pool *pool = space->shadows;
    struct shadow_directory *directory = shadow_get_directory(space, directory_address.v >> PAGE_SHIFT, wp);
    if (!directory)
        return STATUS_NO_MEMORY;
    directory->stamp = ++pool->stamp;
    sync_reachable(space, directory);
    hpa_t boot_root = space->paging ? HPA_NONE : space->root;
    pool->current = (uint16_t)(directory - pool->directories);
    space->root = directory->root;
    space->directory = directory_address;
    space->wp = wp != 0;
    space->paging = true;
    tlb_load_root(space->root);     /* always: protecting has taken rights away */
    if (boot_root.v)
        bootvm_free(boot_root);
    audit_check(space);
    return STATUS_OK;
}

/* Some link of this PDE no longer says what the guest's directory does. */
static bool is_link_stale(const struct gspace *space, uint32_t index, uint32_t pde, const struct shadow_table *table)
{
    const struct shadow_pool *pool = space->shadows;

    for (uint32_t half = 0; half < 2; half++) {
        const uint64_t *link = shadow_pde(&pool->directories[pool->current], index, half);
        if (link && *link && !(table && *link == compile_pde(pde, space->wp, table->half[half])))
            return true;
    }
    return false;
}

void gspace_adjustpg(struct gspace *space, gva_t address)
{
    struct shadow_pool *pool = space->shadows;
    const uint32_t *directory = gspace_peek(space, space->directory.v >> PAGE_SHIFT);
    uint32_t pde = directory ? directory[gtable_pde_index(address)] : 0;
    uint32_t frame = pde >> GPTE_FRAME_SHIFT, entry = gtable_pte_index(address);
    bool is_usable = pde & GPTE_P && !(pde & GPDE_PS) && frame < space->frame_count;
    struct shadow_table *table = is_usable ? shadow_find_table(space, frame, compile_role(pde, space->wp)) : NULL;

    if (is_link_stale(space, gtable_pde_index(address), pde, table)) {
        sync_directory(space, &pool->directories[pool->current]);
        tlb_load_root(space->root);
    }
    if (table && table->half[entry / TABLE_ENTRIES].v) {
        const uint32_t *entries = gspace_peek(space, frame);
        uint32_t pte = entries ? entries[entry] : 0;
        sync_set_leaf(space, table, entry, sync_leaf(space, pte, table->role), pte);
    }
    tlb_flush_page(address);
    audit_check(space);
}
