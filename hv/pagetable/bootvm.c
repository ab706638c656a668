/*
 * bootvm.c - show RAM one to one, page by page as it is touched (PURE).
 */
#include "pagetable/bootvm.h"

#include <stddef.h>

#include "base/frames.h"
#include "cpu/x86.h"
#include "pagetable/host_table.h"
#include "pagetable/hvmap.h"
#include "pagetable/tlb_flush.h"

/*
 * Guest kernels run in ring 1, which paging counts as supervisor: no U bit, so that ring 3 sees nothing while paging is
 * off.
 */
#define BOOTVM_LEAF (PTE_P | PTE_W | PTE_A | PTE_D)

hpa_t bootvm_create(void)
{
    hpa_t root = table_alloc();

    if (root.v)
        hvmap_share_upper(hpa_to_ptr(root));
    return root;
}

/* A page directory's entry, and with the last one the directory. */
static void free_region(uint64_t pdpte, uint32_t region)
{
    uint64_t pde = table_of(pdpte)[region % TABLE_ENTRIES];

    if (pde & PTE_P)
        frames_free(HPA(pde & PTE_ADDRESS));
    if (region % TABLE_ENTRIES == TABLE_ENTRIES - 1)
        frames_free(HPA(pdpte & PTE_ADDRESS));
}

/* Bound: *steps, and the directories that are not there. */
bool bootvm_free(hpa_t root, uint32_t *region, uint32_t *steps)
{
    uint64_t pml4e = *(uint64_t *)hpa_to_ptr(root);
    uint64_t *pdpt = pml4e & PTE_P ? table_of(pml4e) : NULL;

    while (pdpt && *region < BOOTVM_REGIONS) {
        uint64_t pdpte = pdpt[*region / TABLE_ENTRIES];
        if (!(pdpte & PTE_P)) {
            *region += TABLE_ENTRIES;
            continue;
        }
        if (*steps == 0)
            return false;
        --*steps;
        free_region(pdpte, (*region)++);
    }
    if (pdpt)
        frames_free(ptr_to_hpa(pdpt));
    frames_free(root);
    return true;
}

/* The page table of a linear address, made when absent; remembered. False: no memory. */
static __attribute__((noinline)) bool find_leaves(struct gspace *space, uint64_t linear)
{
    uint64_t *table = hpa_to_ptr(space->root);

    for (unsigned level = 4; level > 1 && table; level--)
        table = table_descend(&table[table_index(linear, level)], 0);
    space->boot_leaves = table;
    space->boot_region = table ? (uint32_t)(linear / LARGE_PAGE_SIZE) : GSPACE_NO_REGION;
    return table != NULL;
}

/* The table of a level of a linear address, if it is there. */
static uint64_t *peek_boot_table(const struct gspace *space, uint64_t linear, unsigned wanted)
{
    uint64_t *table = hpa_to_ptr(space->root);

    for (unsigned level = 4; level > wanted; level--) {
        uint64_t entry = table[table_index(linear, level)];
        if (!(entry & PTE_P))
            return NULL;
        table = table_of(entry);
    }
    return table;
}

/* Its page table, if it is there. */
static uint64_t *peek_leaves(const struct gspace *space, uint64_t linear)
{
    return space->boot_region == linear / LARGE_PAGE_SIZE ? space->boot_leaves : peek_boot_table(space, linear, 1);
}

void bootvm_drop_leaf(const struct gspace *space, uint32_t frame)
{
    uint64_t linear = gspace_linear(space, GVA(frame << PAGE_SHIFT));
    uint64_t *leaves = peek_leaves(space, linear);

    if (leaves)
        leaves[table_index(linear, 1)] = 0;
}

void bootvm_forget(const struct gspace *space, uint32_t frame)
{
    bootvm_drop_leaf(space, frame);
    tlb_flush_page(gspace_linear(space, GVA(frame << PAGE_SHIFT)));
}

/* The leaves of regions of one page directory, up to end. False: steps are used up. */
static bool drop_below(const uint64_t *directory, uint32_t *region, uint32_t end, uint32_t *steps)
{
    for (uint32_t at = *region; at < end; at++) {
        uint64_t pde = directory[at % TABLE_ENTRIES];
        if (!(pde & PTE_P))
            continue;
        *region = at;
        if (*steps == 0)
            return false;
        --*steps;
        table_clear(table_of(pde));
    }
    return true;
}

bool bootvm_drop_leaves(const struct gspace *space, uint32_t *at, uint32_t *steps)
{
    uint32_t first = space->linear_base / LARGE_PAGE_SIZE, region = first + *at;
    uint32_t end = first + (space->ram->bytes + LARGE_PAGE_SIZE - 1) / LARGE_PAGE_SIZE;

    while (region < end) {
        uint32_t stop = (region / TABLE_ENTRIES + 1) * TABLE_ENTRIES;
        const uint64_t *directory = peek_boot_table(space, (uint64_t)region * LARGE_PAGE_SIZE, 2);
        bool is_done = !directory || drop_below(directory, &region, stop < end ? stop : end, steps);
        *at = region - first;
        if (!is_done)
            return false;
        region = stop;
    }
    *at = end - first;
    return true;
}

static bool nothing_to_give_back(void *view)
{
    (void)view;
    return false;
}

static void boot_moved(void *view, uint32_t frame, uint32_t host_before)
{
    (void)host_before;
    bootvm_drop_leaf(view, frame);
}

/* No frame is traced while paging is off. */
static const struct ram_view asks_bootvm = { .give_back = nothing_to_give_back, .moved = boot_moved };

void bootvm_show(struct gspace *space)
{
    space->ram->asks = &asks_bootvm;
    space->ram->view = space;
}

static __attribute__((noinline)) enum gfault fill_searched(struct gspace *space, gva_t address, uint32_t access)
{
    uint32_t frame = address.v >> PAGE_SHIFT;
    hpa_t page = ram_back(space->ram, frame);
    uint64_t linear = gspace_linear(space, address), bits = BOOTVM_LEAF;
    bool is_shared = space->ram->frames[frame].flags & GFRAME_SHARED;

    if (!page.v || (space->boot_region != linear / LARGE_PAGE_SIZE && !find_leaves(space, linear)))
        return GFAULT_NO_MEMORY;
    if (is_shared && access & ACCESS_WRITE) {
        page = ram_own(space->ram, frame);
        tlb_flush_page(linear);     /* where it was, or that it was read-only, is still there */
    } else if (is_shared) {
        bits &= ~PTE_W;
    }
    if (!page.v)
        return GFAULT_NO_MEMORY;
    space->boot_leaves[table_index(linear, 1)] = page.v | bits;
    return GFAULT_FILLED;
}

/* The hot path is a first touch near the last one. */
enum gfault bootvm_fill(struct gspace *space, gva_t address, uint32_t access)
{
    uint64_t linear = gspace_linear(space, address);
    uint32_t frame = address.v >> PAGE_SHIFT;

    if (space->boot_region != linear / LARGE_PAGE_SIZE || space->ram->frames[frame].is_in_use)
        return fill_searched(space, address, access);
    hpa_t page = frames_alloc_quick();
    if (!page.v)
        return fill_searched(space, address, access);
    ram_back_by(space->ram, &space->ram->frames[frame], page);
    space->boot_leaves[table_index(linear, 1)] = page.v | BOOTVM_LEAF;
    return GFAULT_FILLED;
}
