/*
 * bootvm.c - show RAM one to one, page by page as it is touched (PURE).
 */
#include "pagetable/bootvm.h"

#include <stddef.h>

#include "base/frames.h"
#include "cpu/x86.h"
#include "pagetable/host_table.h"
#include "pagetable/hvmap.h"

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

/* A page directory and the page tables below it. */
static void free_boot_directory(uint64_t *directory)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        if (directory[i] & PTE_P)
            frames_free(HPA(directory[i] & PTE_ADDRESS));
    frames_free(ptr_to_hpa(directory));
}

void bootvm_free(hpa_t root)
{
    uint64_t pml4e = *(uint64_t *)hpa_to_ptr(root);

    if (pml4e & PTE_P) {
        uint64_t *pdpt = table_of(pml4e);
        for (unsigned i = 0; i < TABLE_ENTRIES; i++)
            if (pdpt[i] & PTE_P)
                free_boot_directory(table_of(pdpt[i]));
        frames_free(ptr_to_hpa(pdpt));
    }
    frames_free(root);
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

static __attribute__((noinline)) enum gfault fill_searched(struct gspace *space, gva_t address)
{
    hpa_t page = ram_back(space->ram, address.v >> PAGE_SHIFT);
    uint64_t linear = gspace_linear(space, address);

    if (!page.v || !find_leaves(space, linear))
        return GFAULT_NO_MEMORY;
    space->boot_leaves[table_index(linear, 1)] = page.v | BOOTVM_LEAF;
    return GFAULT_FILLED;
}

/* The hot path is a first touch near the last one. */
enum gfault bootvm_fill(struct gspace *space, gva_t address)
{
    uint64_t linear = gspace_linear(space, address);
    uint32_t frame = address.v >> PAGE_SHIFT;

    if (space->boot_region != linear / LARGE_PAGE_SIZE || space->ram->frames[frame].host)
        return fill_searched(space, address);
    hpa_t page = ram_back_quick(space->ram, frame);
    if (!page.v)
        return fill_searched(space, address);
    space->boot_leaves[table_index(linear, 1)] = page.v | BOOTVM_LEAF;
    return GFAULT_FILLED;
}
