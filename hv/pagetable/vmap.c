/*
 * vmap.c - map frames behind one another in PML4[509].
 *
 * The page tables are made once and stay, so that what a guest took is what its end gives back. One unmapped page
 * follows each allocation, and stops whoever runs past its end.
 */
#include "pagetable/vmap.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/frames.h"
#include "base/string.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "pagetable/hvmap.h"
#include "pagetable/layout.h"

static bool is_taken[VMAP_PAGES];   /* mapped, or the unmapped page that follows what is */
static uint32_t search_from;        /* everything below is taken */

static uint64_t page_linear(uint32_t page)
{
    return HVMAP_VMAP_BASE + (uint64_t)page * PAGE_SIZE;
}

/* The leaf entry of a page; its tables exist since vmap_init, or are made by it. */
static uint64_t *page_entry(uint32_t page)
{
    uint64_t *table = hpa_to_ptr(HPA(insn_read_cr3() & PTE_ADDRESS));

    for (unsigned level = 4; level > 1; level--) {
        table = table_descend(&table[table_index(page_linear(page), level)], 0);
        CHECK(table);
    }
    return &table[table_index(page_linear(page), 1)];
}

void vmap_init(void)
{
    for (uint32_t page = 0; page < VMAP_PAGES; page += TABLE_ENTRIES)
        page_entry(page);
}

static void unmap_pages(uint32_t first, uint32_t end)
{
    for (uint32_t page = first; page < end; page++) {
        uint64_t *entry = page_entry(page);
        frames_free(HPA(*entry & PTE_ADDRESS));
        *entry = 0;
        insn_invlpg(page_linear(page));
        is_taken[page] = false;
    }
    is_taken[end] = false;
    if (first < search_from)
        search_from = first;
}

/* The first of count + 1 pages that are free; VMAP_PAGES when there is no such place. */
static uint32_t find_place(uint32_t count)
{
    uint32_t run = 0;

    while (search_from < VMAP_PAGES && is_taken[search_from])
        search_from++;
    for (uint32_t page = search_from; page < VMAP_PAGES; page++) {
        run = is_taken[page] ? 0 : run + 1;
        if (run == count + 1)
            return page - count;
    }
    return VMAP_PAGES;
}

void *vmap_alloc(size_t bytes)
{
    CHECK(bytes > 0);
    uint32_t count = (uint32_t)((bytes + PAGE_MASK) / PAGE_SIZE);
    uint32_t first = count < VMAP_PAGES ? find_place(count) : VMAP_PAGES;

    if (first == VMAP_PAGES)
        return NULL;
    for (uint32_t page = first; page < first + count; page++) {
        hpa_t frame = table_alloc();
        if (!frame.v) {
            unmap_pages(first, page);
            return NULL;
        }
        *page_entry(page) = frame.v | PTE_P | PTE_W | hvmap_no_execute();
        is_taken[page] = true;
    }
    is_taken[first + count] = true;
    return (void *)(uintptr_t)page_linear(first);
}

void vmap_free(void *memory)
{
    uint32_t first = (uint32_t)(((uint64_t)(uintptr_t)memory - HVMAP_VMAP_BASE) / PAGE_SIZE), end = first;

    CHECK(first < VMAP_PAGES && (first == 0 || !(*page_entry(first - 1) & PTE_P)));
    while (end < VMAP_PAGES && *page_entry(end) & PTE_P)
        end++;
    CHECK(end > first);
    unmap_pages(first, end);
}
