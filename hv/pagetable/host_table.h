/*
 * host_table.h - host page tables as arrays, and the one function that fills them.
 */
#ifndef PAGETABLE_HOST_TABLE_H
#define PAGETABLE_HOST_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define TABLE_ENTRIES 512u

/* Index into a table of level 1 (page table) to 4 (PML4) for a linear address. */
static inline unsigned table_index(uint64_t linear, unsigned level)
{
    return (unsigned)(linear >> (PAGE_SHIFT + 9 * (level - 1))) & (TABLE_ENTRIES - 1);
}

static inline uint64_t *table_of(uint64_t entry)
{
    return hpa_to_ptr(HPA(entry & 0x000FFFFFFFFFF000ull));
}

/* Entries that are alike, by one REP STOSQ, eight bytes an instruction: SDM vol. 2 "REP/REPE/REPZ/REPNE/REPNZ". */
static inline void table_fill(void *entries, uint64_t entry, uint64_t count)
{
    __asm__ volatile("rep stosq" : "+D"(entries), "+c"(count) : "a"(entry) : "memory");
}

/* Zero a frame. */
static inline void table_clear(void *table)
{
    table_fill(table, 0, TABLE_ENTRIES);
}

/*
 * The first entry from index on that is not 0; TABLE_ENTRIES: there is none. Most tables are nearly empty, so eight are
 * looked at together.
 */
static inline uint32_t table_next_used(const uint64_t *table, uint32_t index)
{
    while (index < TABLE_ENTRIES) {
        const uint64_t *eight = &table[index];
        if (index % 8 == 0 && !(eight[0] | eight[1] | eight[2] | eight[3] | eight[4] | eight[5] | eight[6] | eight[7]))
            index += 8;
        else if (*eight)
            break;
        else
            index++;
    }
    return index;
}

/* A zeroed frame for a table; HPA_NONE when memory is out. */
hpa_t table_alloc(void);

/*
 * The table one level below entry, made when absent with the given flags. NULL when memory is out.
 */
uint64_t *table_descend(uint64_t *entry, uint64_t flags);

/*
 * Map [linear, linear + bytes) to [physical, ...), all multiples of 4 KiB, with 2 MiB pages where both sides are
 * aligned. flags: entry bits of the leaves (4 KiB form; PAT is moved for large pages). Intermediate tables get P, W and
 * table_flags. False when memory is out: what was mapped stays.
 */
bool table_map(uint64_t *root, uint64_t linear, uint64_t physical, uint64_t bytes, uint64_t flags,
               uint64_t table_flags);

#endif
