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
static void free_directory(uint64_t *directory)
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
                free_directory(table_of(pdpt[i]));
        frames_free(ptr_to_hpa(pdpt));
    }
    frames_free(root);
}

enum gfault bootvm_fill(struct gspace *space, gva_t address)
{
    uint64_t linear = gspace_linear(space, GVA(address.v & ~PAGE_MASK));
    hpa_t page = ram_back(space->ram, address.v >> PAGE_SHIFT);

    if (!page.v || !table_map(hpa_to_ptr(space->root), linear, page.v, PAGE_SIZE, BOOTVM_LEAF, 0))
        return GFAULT_NO_MEMORY;
    return GFAULT_FILLED;
}
