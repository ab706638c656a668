/*
 * bootvm.c - a guest's address space while its paging is off: all its RAM at linear 16 MiB, in 2 MiB pages where it
 * fits.
 */
#include <stddef.h>

#include "base/check.h"
#include "base/format.h"
#include "base/frames.h"
#include "base/string.h"
#include "cpu/desc.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "pagetable/gspace.h"
#include "pagetable/hvmap.h"
#include "pagetable/layout.h"
#include "pebpeb.h"

/*
 * Guest kernels run in ring 1, which paging counts as supervisor: no U bit, so that ring 3 sees nothing while paging is
 * off.
 */
#define BOOTVM_LEAF (PTE_P | PTE_W)

/* Back one 2 MiB piece of RAM (or what is left of it) at this linear address. False when memory is out. */
static bool bootvm_back(struct gspace *space, uint64_t linear, uint64_t bytes)
{
    uint64_t *root = hpa_to_ptr(space->root);
    if (bytes == LARGE_PAGE_SIZE) {
        hpa_t block = frames_alloc_large();
        if (block.v) {
            memset(hpa_to_ptr(block), 0, LARGE_PAGE_SIZE);
            if (table_map(root, linear, block.v, LARGE_PAGE_SIZE, BOOTVM_LEAF, 0))
                return true;
            frames_free_large(block);
            return false;
        }
    }
    for (uint64_t done = 0; done < bytes; done += PAGE_SIZE) {
        hpa_t frame = table_alloc();
        if (!frame.v)
            return false;
        if (!table_map(root, linear + done, frame.v, PAGE_SIZE, BOOTVM_LEAF, 0)) {
            frames_free(frame);
            return false;
        }
    }
    return true;
}

enum status gspace_create(struct gspace *space, uint32_t memory_bytes)
{
    *space = (struct gspace){ .memory_bytes = memory_bytes, .frame_count = memory_bytes / PAGE_SIZE };
    space->root = table_alloc();
    if (!space->root.v)
        return STATUS_NO_MEMORY;
    hvmap_share_upper(hpa_to_ptr(space->root));
    for (uint64_t done = 0; done < memory_bytes; done += LARGE_PAGE_SIZE) {
        uint64_t left = memory_bytes - done;
        if (!bootvm_back(space, GUEST_LINEAR_BASE + done, left < LARGE_PAGE_SIZE ? left : LARGE_PAGE_SIZE)) {
            gspace_destroy(space);
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

/* Free a page directory, the page tables below it and all they map. */
static void bootvm_free_directory(uint64_t *directory)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t entry = directory[i];
        if (entry & PTE_PS) {
            frames_free_large(HPA(entry & PTE_ADDRESS));
            continue;
        }
        if (!(entry & PTE_P))
            continue;
        uint64_t *table = table_of(entry);
        for (unsigned j = 0; j < TABLE_ENTRIES; j++)
            if (table[j] & PTE_P)
                frames_free(HPA(table[j] & PTE_ADDRESS));
        frames_free(ptr_to_hpa(table));
    }
    frames_free(ptr_to_hpa(directory));
}

void gspace_destroy(struct gspace *space)
{
    if (!space->root.v)
        return;
    uint64_t *root = hpa_to_ptr(space->root);
    CHECK((insn_read_cr3() & PTE_ADDRESS) != space->root.v);
    if (root[0] & PTE_P) {
        uint64_t *pdpt = table_of(root[0]);
        for (unsigned i = 0; i < TABLE_ENTRIES; i++)
            if (pdpt[i] & PTE_P)
                bootvm_free_directory(table_of(pdpt[i]));
        frames_free(ptr_to_hpa(pdpt));
    }
    frames_free(space->root);
    space->root = HPA_NONE;
}

void gspace_load(const struct gspace *space)
{
    insn_write_cr3(space->root.v);
}

void *gspace_ptr(const struct gspace *space, gpa_t address)
{
    if (address.v >= space->memory_bytes)
        return NULL;
    uint64_t linear = (uint64_t)GUEST_LINEAR_BASE + address.v;
    uint64_t *table = table_of(((uint64_t *)hpa_to_ptr(space->root))[0]);
    uint64_t entry = table[table_index(linear, 3)];
    entry = table_of(entry)[table_index(linear, 2)];
    if (entry & PTE_PS)
        return (uint8_t *)table_of(entry & ~(uint64_t)(LARGE_PAGE_SIZE - 1)) + (linear & (LARGE_PAGE_SIZE - 1));
    entry = table_of(entry)[table_index(linear, 1)];
    return (uint8_t *)table_of(entry) + (linear & PAGE_MASK);
}

void gspace_explain(const struct gspace *space, gva_t address, char *text, uint32_t text_bytes)
{
    const char *verdict = address.v < space->memory_bytes ? "lies inside it and is readable and writable"
                        : address.v <= HV_MAX_GVA         ? "lies beyond it: not present"
                                                          : "lies beyond the segment limit 0xfeffffff";
    format_string(text, text_bytes, "paging is off: RAM is 0x00000000..0x%08x, 0x%08x %s", space->memory_bytes - 1,
                  address.v, verdict);
}
