/*
 * memory.c - see memory.h. There is no system call that tells: ask for pages and give them back.
 */
#include "memory.h"

#define PROBE ((void *)0x60000000)
#define PAGES_MAX 0x40000u              /* 1 GiB */

static bool is_there(uint32_t pages)
{
    if (new_pages(PROBE, (int)(pages * PEBBLES_PAGE_BYTES)) < 0)
        return false;
    remove_pages(PROBE);
    return true;
}

uint32_t memory_free_pages(void)
{
    uint32_t pages = 64, step;

    while (pages < PAGES_MAX && is_there(pages * 2))
        pages *= 2;
    for (step = pages / 2; step > 0; step /= 2) {
        if (is_there(pages + step))
            pages += step;
    }
    return pages;
}
