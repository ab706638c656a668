/*
 * paging.c - build guest page tables (see paging.h).
 */
#include "paging.h"

#define RAM_TABLES 6u                           /* 24 MiB */
#define POOL 0x200000u                          /* frames for tables: 2 MiB to 4 MiB */
#define DATA 0x400000u                          /* frames to map: from here to the end of RAM */
#define DATA_FRAMES (RAM_TABLES * TABLE_ENTRIES - DATA / PAGE_BYTES)

static uint32_t pool_next = POOL;
static uint32_t ram_tables[RAM_TABLES];

static uint32_t *words(uint32_t frame)
{
    return (uint32_t *)(uintptr_t)frame;
}

/* A frame that was never a table before, all zero. */
static uint32_t take_frame(void)
{
    uint32_t frame = pool_next;

    pool_next += PAGE_BYTES;
    if (pool_next > DATA)
        hv_exit(2);
    memset(words(frame), 0, PAGE_BYTES);
    return frame;
}

uint32_t paging_data_frame(uint32_t index)
{
    return DATA + index % DATA_FRAMES * PAGE_BYTES;
}

uint32_t *paging_entry(uint32_t directory, uint32_t gva)
{
    uint32_t table = words(directory)[gva / TABLE_SPAN] & ~(PAGE_BYTES - 1);

    return &words(table)[gva / PAGE_BYTES % TABLE_ENTRIES];
}

uint32_t paging_make_directory(uint32_t pages, uint32_t bits)
{
    uint32_t directory = take_frame();

    for (uint32_t i = 0; i < RAM_TABLES; i++)
        words(directory)[i] = ram_tables[i] | ENTRY_FULL;
    for (uint32_t page = 0; page < pages; page++) {
        uint32_t gva = PAGES_GVA + page * PAGE_BYTES;
        if (page % TABLE_ENTRIES == 0)
            words(directory)[gva / TABLE_SPAN] = take_frame() | ENTRY_FULL;
        *paging_entry(directory, gva) = paging_data_frame(page) | bits;
    }
    return directory;
}

void paging_make_ram_tables(void)
{
    for (uint32_t frame = POOL; frame < RAM_TABLES * TABLE_SPAN; frame += PAGE_BYTES)
        *words(frame) = 0;
    for (uint32_t i = 0; i < RAM_TABLES; i++) {
        ram_tables[i] = take_frame();
        for (uint32_t k = 0; k < TABLE_ENTRIES; k++)
            words(ram_tables[i])[k] = i * TABLE_SPAN + k * PAGE_BYTES + ENTRY_FULL;
    }
}

void paging_read(uint32_t count)
{
    for (uint32_t page = 0; page < count; page++)
        (void)*(volatile uint32_t *)(uintptr_t)(PAGES_GVA + page * PAGE_BYTES);
}

void paging_write(uint32_t count)
{
    for (uint32_t page = 0; page < count; page++)
        *(volatile uint32_t *)(uintptr_t)(PAGES_GVA + page * PAGE_BYTES) = page;
}
