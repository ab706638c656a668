/*
 * owners.c - room for counts of owners, page by page (PURE).
 *
 * Whoever adds owners has no time to ask for each frame whether its count is there. So what may be counted is made
 * ready before, by blocks: frames that have an owner now lie in blocks that are in use now. A page of counts that is
 * not ready shows one that is read-only and says so.
 */
#include "pagetable/owners.h"

#include <stddef.h>

#include "base/frames.h"
#include "base/string.h"
#include "pagetable/host_table.h"
#include "pagetable/vmap.h"

#define PAGE_COUNTS (PAGE_SIZE / sizeof(owners_beyond[0]))
#define PAGE_BLOCKS (PAGE_COUNTS / (LARGE_PAGE_SIZE / PAGE_SIZE))
#define NOT_READY UINT16_MAX

uint16_t *owners_beyond;
static void *not_ready;     /* a page of NOT_READY */

static bool reserve_counts(void)
{
    hpa_t shown = frames_alloc();

    if (!shown.v)
        return false;
    not_ready = hpa_to_ptr(shown);
    memset(not_ready, UINT8_MAX, PAGE_SIZE);
    owners_beyond = vmap_reserve(frames_count_blocks() * (PAGE_SIZE / PAGE_BLOCKS), shown);
    if (!owners_beyond)
        frames_free(shown);
    return owners_beyond != NULL;
}

static bool is_any_used(uint32_t first_block)
{
    for (uint32_t i = 0; i < PAGE_BLOCKS; i++)
        if (frames_is_block_used(first_block + i))
            return true;
    return false;
}

static bool prepare_pages(void)
{
    for (uint32_t block = 0; block < frames_count_blocks(); block += PAGE_BLOCKS) {
        uint16_t *counts = owners_beyond + block / PAGE_BLOCKS * PAGE_COUNTS;
        if (*counts != NOT_READY || !is_any_used(block))
            continue;
        hpa_t page = table_alloc();
        if (!page.v)
            return false;
        vmap_back(counts, page);
    }
    return true;
}

/* Where it fails, what is new goes: a shared frame has its count, or nobody has any. */
bool owners_prepare(void)
{
    bool is_new = !owners_beyond;

    if (is_new && !reserve_counts())
        return false;
    bool is_done = prepare_pages();
    if (!is_done && is_new)
        owners_end();
    return is_done;
}

void owners_end(void)
{
    if (!owners_beyond)
        return;
    vmap_free(owners_beyond);
    frames_free(ptr_to_hpa(not_ready));
    owners_beyond = NULL;
}
