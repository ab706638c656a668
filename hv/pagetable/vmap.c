/*
 * vmap.c - map frames behind one another in PML4[509].
 *
 * A page table stands for 2 MiB of these addresses while any of them is mapped, so what a guest took, tables included,
 * is what its end gives back. One unmapped page follows each allocation, and stops whoever runs past its end. So does
 * what an allocation may grow to: an entry that is not present, and not 0.
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
#define GROWTH_ENTRY PTE_AVAILABLE

static uint64_t *directory;                     /* a page table for each TABLE_ENTRIES pages, or 0 */
static uint64_t taken[VMAP_PAGES / WORD_BITS];  /* a bit for each page: mapped, or the one that follows what is */
static uint32_t search_from;                    /* everything below is taken */

_Static_assert(VMAP_PAGES % TABLE_ENTRIES == 0 && VMAP_PAGES <= TABLE_ENTRIES * TABLE_ENTRIES, "one directory");

static uint64_t page_linear(uint32_t page)
{
    return HVMAP_VMAP_BASE + (uint64_t)page * PAGE_SIZE;
}

static void take_page(uint32_t page)
{
    taken[page / WORD_BITS] |= 1ull << page % WORD_BITS;
}

/* The bits of pages from first on that are in one word with it, end not among them. */
static uint64_t bits_of(uint32_t first, uint32_t end)
{
    uint32_t bit = first % WORD_BITS, count = WORD_BITS - bit < end - first ? WORD_BITS - bit : end - first;

    return (count == WORD_BITS ? ~0ull : (1ull << count) - 1) << bit;
}

/* Pages first to end - 1, by words; so in the next. */
static void take_pages(uint32_t first, uint32_t end)
{
    for (; first < end; first = (first / WORD_BITS + 1) * WORD_BITS)
        taken[first / WORD_BITS] |= bits_of(first, end);
}

static void untake_pages(uint32_t first, uint32_t end)
{
    for (; first < end; first = (first / WORD_BITS + 1) * WORD_BITS)
        taken[first / WORD_BITS] &= ~bits_of(first, end);
}

static uint32_t count_pages(size_t bytes)
{
    return (uint32_t)((bytes + PAGE_MASK) / PAGE_SIZE);
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

/* The entry of a page of an allocation; else NULL. */
static uint64_t *find_entry(uint32_t page)
{
    uint64_t table = directory[page / TABLE_ENTRIES];
    uint64_t *entry = table & PTE_P ? &table_of(table)[page % TABLE_ENTRIES] : NULL;

    return entry && *entry ? entry : NULL;
}

/* Only a page with a frame of its own is writable. */
static uint64_t own_entry(hpa_t frame)
{
    return frame.v | PTE_P | PTE_W | hvmap_no_execute();
}

static uint64_t shown_entry(hpa_t frame)
{
    return frame.v | PTE_P | hvmap_no_execute();
}

/* The frame first: memory may be found by what frees memory of ours, which takes away tables that map nothing. */
static bool map_page(uint32_t page)
{
    hpa_t frame = table_alloc();
    uint64_t *table = frame.v ? table_descend(&directory[page / TABLE_ENTRIES], 0) : NULL;

    if (!table) {
        if (frame.v)
            frames_free(frame);
        return false;
    }
    table[page % TABLE_ENTRIES] = own_entry(frame);
    take_page(page);
    return true;
}

/* Bound: the pages, here and below. */
static bool map_own(uint32_t first, uint32_t count)
{
    for (uint32_t page = first; page < first + count; page++)
        if (!map_page(page))
            return false;
    return true;
}

/* There may be many, of which most will stay as they are: a table is filled with one store for each of its pages. */
static bool map_alike(uint32_t first, uint32_t count, uint64_t entry)
{
    for (uint32_t page = first, end = first + count; page < end;) {
        uint64_t *table = table_descend(&directory[page / TABLE_ENTRIES], 0);
        uint32_t at = page % TABLE_ENTRIES, here = TABLE_ENTRIES - at < end - page ? TABLE_ENTRIES - at : end - page;
        if (table == NULL)
            return false;
        table_fill(table + at, entry, here);
        take_pages(page, page + here);
        page += here;
    }
    return true;
}

static void change_entry(uint64_t *entry, uint32_t page, uint64_t to)
{
    uint64_t before = *entry;

    *entry = to;
    insn_invlpg(page_linear(page));
    if (before & PTE_W)
        frames_free(HPA(before & PTE_ADDRESS));
}

/* Give a page table back that maps nothing. Bound: TABLE_ENTRIES. */
static void drop_if_empty(uint32_t index)
{
    uint64_t entry = directory[index];

    if (!(entry & PTE_P))
        return;
    if (table_next_used(table_of(entry), 0) != TABLE_ENTRIES)
        return;
    directory[index] = 0;
    insn_invlpg(page_linear(index * TABLE_ENTRIES));    /* the processor may hold the directory's entry, too */
    frames_free(HPA(entry & PTE_ADDRESS));
}

/* What one page table has of an allocation, from this page on: the first that is not of it, or the next table's. */
static uint32_t unmap_in_table(uint32_t page)
{
    uint64_t table = directory[page / TABLE_ENTRIES];

    if (!(table & PTE_P))
        return page;
    for (uint64_t *entry = table_of(table) + page % TABLE_ENTRIES; *entry; entry++) {
        change_entry(entry, page++, 0);
        if (page % TABLE_ENTRIES == 0)
            break;
    }
    return page;
}

/*
 * An allocation from first on, up to the page that follows it; that one may have got a table and no more. Bound: the
 * pages, of which a guest of 3 GiB has 3,071, and the entries of their page tables.
 */
static void unmap_from(uint32_t first)
{
    uint32_t end = first, begun;

    do {
        begun = end;
        end = unmap_in_table(begun);
        CHECK(end < VMAP_PAGES);
    } while (end != begun && end % TABLE_ENTRIES == 0);
    for (uint32_t index = first / TABLE_ENTRIES; index <= end / TABLE_ENTRIES; index++)
        drop_if_empty(index);
    untake_pages(first, end + 1);
    if (first < search_from)
        search_from = first;
}

/*
 * The first page from here to end that is taken, or is not, looked for by words; else end or one behind it. Bound: the
 * words.
 */
static uint32_t find_page(uint32_t page, uint32_t end, bool wanted)
{
    while (page < end) {
        uint64_t bits = (wanted ? taken[page / WORD_BITS] : ~taken[page / WORD_BITS]) >> page % WORD_BITS;
        if (bits)
            return page + (uint32_t)__builtin_ctzll(bits);
        page = (page / WORD_BITS + 1) * WORD_BITS;
    }
    return page;
}

/*
 * The first of count + 1 pages that are free; VMAP_PAGES when there is no such place. A run of free pages is looked at
 * as far as it has to go and no further: there are four thousand words behind the last that is taken. Bound: the words
 * of taken, and two searches for each run of free pages that is too short.
 */
static uint32_t find_free_pages(uint32_t count)
{
    search_from = find_page(search_from, VMAP_PAGES, false);
    for (uint32_t page = search_from, end; page + count < VMAP_PAGES; page = find_page(end, VMAP_PAGES, false)) {
        end = find_page(page, page + count + 1, true);
        if (end - page > count)
            return page;
    }
    return VMAP_PAGES;
}

/*
 * own_bytes: what gets frames of its own; entry: what stands for the rest. Bound: the pages; where there is no place,
 * as often as somebody has something to give back.
 */
static void *map_pages(size_t own_bytes, size_t bytes, uint64_t entry)
{
    CHECK(bytes > 0 && own_bytes <= bytes);
    uint32_t count = count_pages(bytes), own = count_pages(own_bytes);
    if (count >= VMAP_PAGES)
        return NULL;
    uint32_t first = find_free_pages(count);
    while (first == VMAP_PAGES && frames_ask_back())
        first = find_free_pages(count);
    if (first == VMAP_PAGES)
        return NULL;
    if (!map_own(first, own) || !map_alike(first + own, count - own, entry)) {
        unmap_from(first);
        return NULL;
    }
    take_page(first + count);
    return (void *)(uintptr_t)page_linear(first);
}

void *vmap_alloc(size_t bytes)
{
    return map_pages(bytes, bytes, 0);
}

void *vmap_reserve(size_t bytes, hpa_t shown)
{
    return map_pages(0, bytes, shown_entry(shown));
}

void *vmap_alloc_growing(size_t bytes, size_t most)
{
    return map_pages(bytes, most, GROWTH_ENTRY);
}

static uint32_t vmap_page(const void *memory)
{
    return (uint32_t)(((uint64_t)(uintptr_t)memory - HVMAP_VMAP_BASE) / PAGE_SIZE);
}

bool vmap_grow(void *memory, size_t bytes)
{
    uint32_t first = vmap_page(memory);

    for (uint32_t page = first; page < first + count_pages(bytes); page++) {
        uint64_t *entry = find_entry(page);
        hpa_t frame = *entry & PTE_P ? HPA_NONE : table_alloc();
        if (frame.v)
            *entry = own_entry(frame);
        if (!(*entry & PTE_P))
            return false;
    }
    return true;
}

/* page has been mapped. */
static void change_page(uint32_t page, uint64_t entry)
{
    change_entry(find_entry(page), page, entry);
}

void vmap_back(void *page, hpa_t frame)
{
    change_page(vmap_page(page), own_entry(frame));
}

void vmap_unback(void *page, hpa_t shown)
{
    change_page(vmap_page(page), shown_entry(shown));
}

/* Bound: the pages, and the entries of the page tables that mapped them. */
void vmap_free(void *memory)
{
    uint32_t first = vmap_page(memory);

    CHECK(first < VMAP_PAGES && find_entry(first) && (first == 0 || !find_entry(first - 1)));
    unmap_from(first);
}

unsigned vmap_count_tables(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < VMAP_PAGES / TABLE_ENTRIES; i++)
        count += (directory[i] & PTE_P) != 0;
    return count;
}
