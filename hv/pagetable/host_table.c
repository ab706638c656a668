/*
 * host_table.c - fill host page tables.
 */
#include "pagetable/host_table.h"

#include <stddef.h>

#include "base/frames.h"
#include "cpu/x86.h"

hpa_t table_alloc(void)
{
    hpa_t frame = frames_alloc();
    if (frame.v)
        table_clear(hpa_to_ptr(frame));
    return frame;
}

uint64_t *table_descend(uint64_t *entry, uint64_t flags)
{
    if (!(*entry & PTE_P)) {
        hpa_t table = table_alloc();
        if (!table.v)
            return NULL;
        *entry = table.v | PTE_P | PTE_W | flags;
    }
    return table_of(*entry);
}

static uint64_t large_flags(uint64_t flags)
{
    uint64_t pat = flags & PTE_PAT_4K ? PTE_PAT_LARGE : 0;
    return (flags & ~PTE_PAT_4K) | PTE_PS | pat;
}

bool table_map(uint64_t *root, uint64_t linear, uint64_t physical, uint64_t bytes, uint64_t flags, uint64_t table_flags)
{
    while (bytes >= PAGE_SIZE) {
        uint64_t *table = root;
        bool large = !((linear | physical) & (LARGE_PAGE_SIZE - 1)) && bytes >= LARGE_PAGE_SIZE;
        unsigned leaf_level = large ? 2 : 1;
        for (unsigned level = 4; level > leaf_level; level--) {
            table = table_descend(&table[table_index(linear, level)], table_flags);
            if (!table)
                return false;
        }
        uint64_t step = large ? LARGE_PAGE_SIZE : PAGE_SIZE;
        uint64_t leaf = physical | (large ? large_flags(flags) : flags);
        /* All that this table has room for. Small pages stay small to its end: a large one begins with a table. */
        for (unsigned i = table_index(linear, leaf_level); i < TABLE_ENTRIES && bytes >= step; i++) {
            table[i] = leaf;
            leaf += step;
            linear += step;
            physical += step;
            bytes -= step;
        }
    }
    return true;
}
