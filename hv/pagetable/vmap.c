/*
 * vmap.c - map frames behind one another in PML4[509].
 *
 * A page table stands for 2 MiB of these addresses while any of them is mapped, so what a guest took, tables included,
 * is what its end gives back. One unmapped page follows each allocation, and stops whoever runs past its end.
 */
#include "pagetable/vmap.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/frames.h"
#include "base/string.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "pagetable/host_table.h"
#include "pagetable/hvmap.h"

#define WORD_BITS 64u

static uint64_t *directory;                     /* a page table for each TABLE_ENTRIES pages, or 0 */
static uint64_t taken[VMAP_PAGES / WORD_BITS];  /* a bit for each page: mapped, or the one that follows what is */
static uint32_t search_from;                    /* everything below is taken */

_Static_assert(VMAP_PAGES % TABLE_ENTRIES == 0 && VMAP_PAGES <= TABLE_ENTRIES * TABLE_ENTRIES, "one directory");

static uint64_t page_linear(uint32_t page)
{
    return HVMAP_VMAP_BASE + (uint64_t)page * PAGE_SIZE;
}

static bool is_page_taken(uint32_t page)
{
    return taken[page / WORD_BITS] >> page % WORD_BITS & 1;
}

static void take_page(uint32_t page)
{
    taken[page / WORD_BITS] |= 1ull << page % WORD_BITS;
}

static void untake(uint32_t page)
{
    taken[page / WORD_BITS] &= ~(1ull << page % WORD_BITS);
}

void vmap_init(void)
{
    uint64_t *table = hpa_to_ptr(HPA(insn_read_cr3() & PTE_ADDRESS));

    for (unsigned level = 4; level > 2; level--) {
        table = table_descend(&table[table_index(HVMAP_VMAP_BASE, level)], 0);
        CHECK(table);
    }
    directory = table;
}

static bool is_mapped(uint32_t page)
{
    uint64_t table = directory[page / TABLE_ENTRIES];

    return table & PTE_P && table_of(table)[page % TABLE_ENTRIES] & PTE_P;
}

static bool map_page(uint32_t page)
{
    uint64_t *table = table_descend(&directory[page / TABLE_ENTRIES], 0);
    hpa_t frame = table ? table_alloc() : HPA_NONE;

    if (!frame.v)
        return false;
    table[page % TABLE_ENTRIES] = frame.v | PTE_P | PTE_W | hvmap_no_execute();
    take_page(page);
    return true;
}

static void unmap_page(uint32_t page)
{
    uint64_t *entry = &table_of(directory[page / TABLE_ENTRIES])[page % TABLE_ENTRIES];
    uint64_t frame = *entry & PTE_ADDRESS;

    *entry = 0;
    insn_invlpg(page_linear(page));
    frames_free(HPA(frame));
    untake(page);
}

/* Give a page table back that maps nothing. */
static void drop_if_empty(uint32_t index)
{
    uint64_t entry = directory[index];

    if (!(entry & PTE_P))
        return;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        if (table_of(entry)[i] & PTE_P)
            return;
    directory[index] = 0;
    insn_invlpg(page_linear(index * TABLE_ENTRIES));    /* the processor may hold the directory's entry, too */
    frames_free(HPA(entry & PTE_ADDRESS));
}

/* Pages from first to end, all mapped. Page end may have got a table and no more. */
static void unmap_pages(uint32_t first, uint32_t end)
{
    for (uint32_t page = first; page < end; page++)
        unmap_page(page);
    for (uint32_t index = first / TABLE_ENTRIES; index <= end / TABLE_ENTRIES; index++)
        drop_if_empty(index);
    untake(end);
    if (first < search_from)
        search_from = first;
}

/* The first of count + 1 pages that are free; VMAP_PAGES when there is no such place. */
static uint32_t find_free_pages(uint32_t count)
{
    uint32_t run = 0;

    while (search_from < VMAP_PAGES && is_page_taken(search_from))
        search_from++;
    for (uint32_t page = search_from; page < VMAP_PAGES; page++) {
        run = is_page_taken(page) ? 0 : run + 1;
        if (run == count + 1)
            return page - count;
    }
    return VMAP_PAGES;
}

void *vmap_alloc(size_t bytes)
{
    CHECK(bytes > 0);
    uint32_t count = (uint32_t)((bytes + PAGE_MASK) / PAGE_SIZE);
    uint32_t first = count < VMAP_PAGES ? find_free_pages(count) : VMAP_PAGES;

    if (first == VMAP_PAGES)
        return NULL;
    for (uint32_t page = first; page < first + count; page++) {
        if (!map_page(page)) {
            unmap_pages(first, page);
            return NULL;
        }
    }
    take_page(first + count);
    return (void *)(uintptr_t)page_linear(first);
}

void vmap_free(void *memory)
{
    uint32_t first = (uint32_t)(((uint64_t)(uintptr_t)memory - HVMAP_VMAP_BASE) / PAGE_SIZE), end = first;

    CHECK(first < VMAP_PAGES && (first == 0 || !is_mapped(first - 1)));
    while (end < VMAP_PAGES && is_mapped(end))
        end++;
    CHECK(end > first);
    unmap_pages(first, end);
}
