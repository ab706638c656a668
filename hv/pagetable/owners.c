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
static uint32_t ready_for;  /* so many first uses of blocks: all that are in use by then have their counts */

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

/* Bound: the blocks of a page of counts. */
static bool is_any_used(uint32_t first_block)
{
    for (uint32_t i = 0; i < PAGE_BLOCKS; i++)
        if (frames_is_block_used(first_block + i))
            return true;
    return false;
}

/* A page of counts that is not ready. */
static bool prepare_page(uint16_t *counts)
{
    hpa_t page = table_alloc();

    if (page.v)
        vmap_back(counts, page);
    return page.v != 0;
}

/* Bound: the machine's blocks of 2 MiB, ten instructions each; a page for each PAGE_BLOCKS that came into use. */
static bool prepare_pages(void)
{
    for (uint32_t block = 0, end = frames_count_blocks(); block < end; block += PAGE_BLOCKS) {
        uint16_t *counts = owners_beyond + block / PAGE_BLOCKS * PAGE_COUNTS;
        if (*counts == NOT_READY && is_any_used(block) && !prepare_page(counts))
            return false;
    }
    return true;
}

/* Where it fails, what is new goes: a shared frame has its count, or nobody has any. */
bool owners_prepare(void)
{
    bool is_new = !owners_beyond;

    if (is_new && !reserve_counts())
        return false;
    uint32_t uses = frames_count_first_uses();      /* counts take frames themselves: those are for the next time */

    if (!is_new && ready_for == uses)
        return true;
    bool is_done = prepare_pages();
    if (is_done)
        ready_for = uses;
    else if (is_new)
        owners_end();
    return is_done;
}

/* Where there are counts, each frame that is shared has its own: no other page need be looked at. */
bool owners_prepare_frame(uint32_t host)
{
    if (!owners_beyond)
        return owners_prepare();
    uint16_t *counts = owners_beyond + host / PAGE_COUNTS * PAGE_COUNTS;
    return *counts != NOT_READY || prepare_page(counts);
}

void owners_end(void)
{
    if (!owners_beyond)
        return;
    vmap_free(owners_beyond);
    frames_free(ptr_to_hpa(not_ready));
    owners_beyond = NULL;
}
