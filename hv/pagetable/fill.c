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

static inline struct gwalk walk_guest(const struct gspace *space, gva_t address, uint32_t access)
{
    return gwalk(&(struct gwalk_tables){
        .directory = gspace_peek(space, space->directory.v >> PAGE_SHIFT),
        .get_table = peek_table,
        .context = space,
        .frame_count = space->frame_count,
        .wp = space->wp,
    }, address, access);
}

/* Some link of this PDE no longer says what the guest's directory does. */
static bool is_link_stale(const struct gspace *space, uint32_t index, uint32_t pde, const struct shadow_table *table)
{
    for (uint32_t half = 0; half < 2; half++) {
        const uint64_t *link = shadow_pde(space->shadows->current, index, half);
        if (link && *link && !(table && *link == compile_pde(pde, space->wp, table->half[half])))
            return true;
    }
    return false;
}

/*
 * The current directory's link to this half of the table is missing or wrong: make it, and the half. False: no memory.
 */
static bool link_table(struct gspace *space, struct shadow_table *table, gva_t address, uint32_t pde)
{
    struct shadow_pool *pool = space->shadows;
    uint32_t half = gtable_pte_index(address) / TABLE_ENTRIES;

    pool->pinned = (uint16_t)(table - pool->tables);
    uint64_t *link = shadow_make_pde(space, pool->current, gtable_pde_index(address), half);
    if (link && !table->half[half].v)
        table->half[half] = shadow_alloc_frame(space);
    pool->pinned = 0;
    if (!link || !table->half[half].v)
        return false;
    /* The PDE names another table by now, or has other rights; also where only the other half was linked before. */
    if (*link || is_link_stale(space, gtable_pde_index(address), pde, table)) {
        sync_directory(space, pool->current);
        tlb_load_root(space->root);
    }
    if (!table->is_synced) {    /* what it says may be from before the last hv_setpd */
        sync_table(space, table);
        pool->current->is_dirty = true;
    }
    table->parents |= shadow_directory_bit(pool, pool->current);
    *link = compile_pde(pde, space->wp, table->half[half]);
    return true;
}

/* Prepare fill_recent for the pages around this one. */
static void remember(struct gspace *space, const struct shadow_table *table, gva_t address, uint32_t pde)
{
    const uint32_t *directory = gspace_peek(space, space->directory.v >> PAGE_SHIFT);
    struct shadow_recent *recent = &space->shadows->recent;

    if (recent->region == address.v / LARGE_PAGE_SIZE && recent->pde == pde)
        return;
    *recent = (struct shadow_recent){
        .region = address.v / LARGE_PAGE_SIZE,
        .pde = pde,
        .pde_at = &directory[gtable_pde_index(address)],
        .entries = gspace_peek(space, table->frame),
        .leaves = hpa_to_ptr(table->half[gtable_pte_index(address) / TABLE_ENTRIES]),
        .first_record = rmap_first_record(space, table),
        .leaf_bits = space->shadows->leaf_bits[table->role],
        .allowed = space->shadows->allowed[(pde >> 1 & 3) + (space->wp ? 4 : 0)],
        .snapshot = table->snapshot.v ? hpa_to_ptr(table->snapshot) : NULL,
    };
}

/* Every access that the guest's tables allow and the host's do not. False: no memory. */
static bool fill(struct gspace *space, gva_t address, uint32_t access, const struct gwalk *walk)
{
    uint32_t frame = walk->pte >> GPTE_FRAME_SHIFT, entry = gtable_pte_index(address);
    uint32_t half = entry / TABLE_ENTRIES;
    hpa_t page = gspace_back(space, frame);     /* first: it may evict what the rest looks up */
    struct shadow_table *table =
        shadow_get_table(space, walk->pde >> GPTE_FRAME_SHIFT, compile_role(walk->pde, space->wp));

    if (!page.v || !table)
        return false;
    const uint64_t *link = shadow_pde(space->shadows->current, gtable_pde_index(address), half);
    bool is_linked = link && *link && *link == compile_pde(walk->pde, space->wp, table->half[half]);
    if (!is_linked && !link_table(space, table, address, walk->pde))
        return false;

    if (access & ACCESS_WRITE && space->frames[frame].flags & GFRAME_TRACED)
        shadow_unsync(space, frame);
    uint64_t leaf = compile_leaf(walk->pte, table->role, page, space->frames[frame].flags & GFRAME_TRACED);
    if (access == ACCESS_WRITE && compile_is_flip(walk->pte, table->role))
        leaf = compile_flipped(page);
    uint64_t *leaves = hpa_to_ptr(table->half[half]);
    uint64_t before = leaves[entry % TABLE_ENTRIES];
    sync_set_leaf(space, table, entry, leaf, walk->pte);
    sync_note(table, entry, walk->pte);
    if (before)
        tlb_flush_page(address);
    remember(space, table, address, walk->pde);
    audit_check(space);
    return true;
}

/* Backed and not traced: mapping it has no side effects. */
static inline bool is_plain(const struct gframe *page)
{
    return page->host && !(page->flags & GFRAME_TRACED);
}

/* The rest of fill_recent, seldom needed. */
static __attribute__((noinline)) enum gfault fill_recent_rest(struct gspace *space, gva_t address, uint32_t frame,
                                                              uint32_t record, uint64_t before)
{
    if (record)
        rmap_add_another(space, frame, record);
    if (before)
        tlb_flush_page(address);
    audit_check(space);
    return GFAULT_FILLED;
}

static inline bool is_recent(const struct shadow_recent *recent, gva_t address)
{
    return address.v / LARGE_PAGE_SIZE == recent->region && *recent->pde_at == recent->pde;
}

/* fill_recent cannot tell. */
#define GFAULT_UNKNOWN ((enum gfault)-1)

/*
 * The hot part of fill, for a page of the 2 MiB where the last hidden fault was: the link is right as long as the PDE
 * is the same. No call but at the end, so that nothing needs saving.
 */
static inline enum gfault fill_recent(struct gspace *space, gva_t address, uint32_t access, uint32_t *error)
{
    const struct shadow_recent *recent = &space->shadows->recent;
    uint32_t entry = gtable_pte_index(address), pte = recent->entries[entry], rights = pte >> 1 & 3;
    bool is_present = pte & GPTE_P;

    if (!is_present || !(recent->allowed[access / 2] >> rights & 1)) {
        *error = access | is_present;
        return GFAULT_REFLECT;
    }
    uint32_t frame = pte >> GPTE_FRAME_SHIFT;
    struct gframe *page = &space->frames[frame];
    if (frame >= space->frame_count || !is_plain(page))
        return GFAULT_UNKNOWN;
    uint64_t *leaf = &recent->leaves[entry % TABLE_ENTRIES], before = *leaf, bits = recent->leaf_bits[rights];
    if (access & ~(uint32_t)bits & ACCESS_WRITE)
        bits = compile_flipped(HPA(0));     /* allowed, and yet not writable: a flip page, and the kernel writes */
    *leaf = (uint64_t)page->host << PAGE_SHIFT | bits;
    if (recent->snapshot)
        recent->snapshot[entry] = pte;
    uint32_t record = bits & PTE_W ? rmap_try_add(page, recent->first_record | entry) : 0;
    if (record || before)
        return fill_recent_rest(space, address, frame, record, before);
    audit_check(space);
    return GFAULT_FILLED;
}

/* Look at everything. */
static __attribute__((noinline)) enum gfault fault_walked(struct gspace *space, gva_t address, uint32_t access,
                                                          uint32_t *error)
{
    struct gwalk walk = walk_guest(space, address, access);

    switch (walk.verdict) {
    case GWALK_ALLOWED:
        return fill(space, address, access, &walk) ? GFAULT_FILLED : GFAULT_NO_MEMORY;
    case GWALK_NOT_PRESENT:
    case GWALK_DENIED:
        *error = gwalk_error(walk.verdict, access);
        return GFAULT_REFLECT;
    default:
        return GFAULT_BAD_ENTRY;
    }
}

enum gfault gspace_fault(struct gspace *space, gva_t address, uint32_t access, uint32_t *error)
{
    if (!space->paging)
        return bootvm_fault(space, address, access, error);
    if (is_recent(&space->shadows->recent, address)) {
        enum gfault fault = fill_recent(space, address, access, error);
        if (fault != GFAULT_UNKNOWN)
            return fault;
    }
    return fault_walked(space, address, access, error);
}

/* Make this directory the processor's. */
static inline void load_directory(struct gspace *space, struct shadow_directory *directory, gpa_t address)
{
    struct shadow_pool *pool = space->shadows;

    directory->stamp = ++pool->stamp;
    pool->current = directory;
    shadow_forget_recent(pool);
    space->root = directory->root;
    space->directory = address;
    space->wp = directory->wp;
    space->paging = true;
    tlb_load_root(directory->root);     /* always: protecting has taken rights away */
}

/* Any directory: it may have no shadow yet, or something to read again. */
static __attribute__((noinline)) enum status setpd_any(struct gspace *space, gpa_t address, uint32_t wp)
{
    if (!space->shadows && shadow_pool_create(space) != STATUS_OK)
        return STATUS_NO_MEMORY;
    struct shadow_directory *directory = shadow_get_directory(space, address.v >> PAGE_SHIFT, wp);
    if (!directory)
        return STATUS_NO_MEMORY;
    sync_reachable(space, directory);
    hpa_t boot_root = space->paging ? HPA_NONE : space->root;
    load_directory(space, directory, address);
    if (boot_root.v)
        bootvm_free(boot_root);
    audit_check(space);
    return STATUS_OK;
}

enum status gspace_setpd(struct gspace *space, gpa_t address, uint32_t wp)
{
    uint16_t index = space->frames[address.v >> PAGE_SHIFT].shadow;

    if (index & SHADOW_IS_DIRECTORY) {
        struct shadow_directory *directory = &space->shadows->directories[index & ~SHADOW_IS_DIRECTORY];
        if (directory->wp == (wp != 0) && !directory->is_dirty) {
            load_directory(space, directory, address);
            audit_check(space);
            return STATUS_OK;
        }
    }
    return setpd_any(space, address, wp);
}

/* The hot part, for a PDE that is the same as when fill_recent was prepared: both links are right then. */
static inline bool adjust_recent(struct gspace *space, gva_t address)
{
    const struct shadow_recent *recent = &space->shadows->recent;

    if (!is_recent(recent, address))
        return false;
    uint32_t entry = gtable_pte_index(address), pte = recent->entries[entry], frame = pte >> GPTE_FRAME_SHIFT;
    struct gframe *page = &space->frames[frame];
    if (!(pte & GPTE_P) || frame >= space->frame_count || !is_plain(page))
        return false;
    uint64_t leaf = (uint64_t)page->host << PAGE_SHIFT | recent->leaf_bits[pte >> 1 & 3];
    recent->leaves[entry % TABLE_ENTRIES] = leaf;
    if (recent->snapshot)
        recent->snapshot[entry] = pte;
    uint32_t record = leaf & PTE_W ? rmap_try_add(page, recent->first_record | entry) : 0;
    if (record)
        rmap_add_another(space, frame, record);
    tlb_flush_page(address);
    audit_check(space);
    return true;
}

void gspace_adjustpg(struct gspace *space, gva_t address)
{
    if (adjust_recent(space, address))
        return;
    struct shadow_pool *pool = space->shadows;
    const uint32_t *directory = gspace_peek(space, space->directory.v >> PAGE_SHIFT);
    uint32_t pde = directory ? directory[gtable_pde_index(address)] : 0;
    uint32_t frame = pde >> GPTE_FRAME_SHIFT, entry = gtable_pte_index(address);
    bool is_usable = pde & GPTE_P && !(pde & GPDE_PS) && frame < space->frame_count;
    struct shadow_table *table = is_usable ? shadow_find_table(space, frame, compile_role(pde, space->wp)) : NULL;

    if (is_link_stale(space, gtable_pde_index(address), pde, table)) {
        sync_directory(space, pool->current);
        tlb_load_root(space->root);
    }
    if (table && table->half[entry / TABLE_ENTRIES].v) {
        const uint32_t *entries = gspace_peek(space, frame);
        uint32_t pte = entries ? entries[entry] : 0;
        sync_set_leaf(space, table, entry, sync_leaf(space, pte, table->role), pte);
        sync_note(table, entry, pte);
        const uint64_t *link = shadow_pde(pool->current, gtable_pde_index(address), entry / TABLE_ENTRIES);
        if (link && *link)
            remember(space, table, address, pde);
    }
    tlb_flush_page(address);
    audit_check(space);
}
