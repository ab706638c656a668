/*
 * stack.c - see stack.h.
 */
#include "frames.h"
#include "panic.h"
#include "stack.h"
#include "vm.h"
#include "vm_internal.h"

#define STACK_LIMIT (PEBBLES_USER_END - PEBBLES_STACK_MAX_BYTES)

/* All of it is in the one page table that exec made: only frames for its pages can be missing. */
_Static_assert(STACK_LIMIT % VM_TABLE_BYTES == 0 && PEBBLES_STACK_MAX_BYTES == VM_TABLE_BYTES, "one table");

static uint32_t entry_at(uint32_t directory, uint32_t page)
{
    const uint32_t *entry = vm_entry(directory, page);

    return entry == NULL ? 0 : *entry;
}

/* The first page from here on that is there, or the end of user memory. */
static uint32_t next_page(uint32_t directory, uint32_t page)
{
    while (page < PEBBLES_USER_END && entry_at(directory, page) == 0)
        page += PAGE_BYTES;
    return page;
}

static uint32_t page_of(uint32_t address)
{
    return address & ~(PAGE_BYTES - 1);
}

enum stack_growth stack_examine(uint32_t directory, uint32_t address)
{
    if (address < STACK_LIMIT - PEBBLES_STACK_MAX_BYTES || address >= PEBBLES_USER_END ||
        entry_at(directory, page_of(address)) != 0)
        return STACK_ELSEWHERE;
    if (address < STACK_LIMIT)
        return STACK_AT_LIMIT;
    uint32_t end = next_page(directory, page_of(address));
    if (end == PEBBLES_USER_END || (entry_at(directory, end) & PTE_REGION_FIRST) != 0)
        return STACK_OBSTRUCTED;
    return (end - page_of(address)) / PAGE_BYTES > frames_available() ? STACK_NO_MEMORY : STACK_GROWS;
}

enum stack_growth stack_grow(uint32_t directory, uint32_t address)
{
    enum stack_growth growth = stack_examine(directory, address);

    if (growth != STACK_GROWS)
        return growth;
    uint32_t end = next_page(directory, page_of(address));
    for (uint32_t page = page_of(address); page < end; page += PAGE_BYTES) {
        bool mapped = vm_map_zero(directory, page, PTE_MAY_WRITE);
        ASSERT(mapped);
    }
    return STACK_GROWS;
}
