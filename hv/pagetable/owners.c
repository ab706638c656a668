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
#define NOT_COUNTED UINT32_MAX

uint16_t *owners_beyond;
static void *not_ready;     /* a page of OWNERS_NOT_READY */
static uint32_t ready_for;  /* so many first uses of blocks: all that were in use by then have their counts */

static bool reserve_counts(void)
{
    hpa_t shown = frames_alloc();

    if (!shown.v)
        return false;
    not_ready = hpa_to_ptr(shown);
    memset(not_ready, UINT8_MAX, PAGE_SIZE);
    ready_for = NOT_COUNTED;
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

/* Bound: the machine's blocks of 2 MiB, ten instructions each; *steps pages, one for each PAGE_BLOCKS in use. */
static enum owners_room prepare_pages(struct owners_progress *progress, uint32_t *steps)
{
    for (uint32_t end = frames_count_blocks(); progress->block < end; progress->block += PAGE_BLOCKS) {
        uint16_t *counts = owners_beyond + progress->block / PAGE_BLOCKS * PAGE_COUNTS;
        if (*counts != OWNERS_NOT_READY || !is_any_used(progress->block))
            continue;
        if (*steps == 0)
            return OWNERS_GO_ON;
        --*steps;
        if (!prepare_page(counts))
            return OWNERS_NO_MEMORY;
    }
    return OWNERS_READY;
}

enum owners_room owners_prepare(struct owners_progress *progress, uint32_t *steps)
{
    if (!owners_beyond && !reserve_counts())
        return OWNERS_NO_MEMORY;
    /* Counts take frames themselves, and others go on meanwhile: what they begin to use is for the next time. */
    if (progress->block == 0)
        progress->uses = frames_count_first_uses();
    if (ready_for == progress->uses)
        return OWNERS_READY;
    enum owners_room room = prepare_pages(progress, steps);
    if (room == OWNERS_READY)
        ready_for = progress->uses;
    return room;
}

/* Where it fails or is the only one, other frames stay without counts: nobody else has them. */
bool owners_prepare_frame(uint32_t host)
{
    if (!owners_beyond && !reserve_counts())
        return false;
    uint16_t *counts = owners_beyond + host / PAGE_COUNTS * PAGE_COUNTS;
    return *counts != OWNERS_NOT_READY || prepare_page(counts);
}

void owners_end(void)
{
    if (!owners_beyond)
        return;
    vmap_free(owners_beyond);
    frames_free(ptr_to_hpa(not_ready));
    owners_beyond = NULL;
}
