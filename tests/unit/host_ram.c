/*
 * host_ram.c - see host_ram.h. It stands in for frames.c, vmap.c, owners.c and the rest that ram.c calls.
 */
#include "host_ram.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"
#include "cpu/x86.h"
#include "pagetable/guest_table.h"
#include "pagetable/host_table.h"
#include "pagetable/owners.h"
#include "pagetable/ram.h"
#include "pagetable/vmap.h"

#define RECORDS_MOST 8u

struct frames_at_hand frames_hint;
uint16_t *owners_beyond;
static uint32_t next_frame;
static void *records[RECORDS_MOST];
static unsigned records_count;

void host_ram_begin(void)
{
    static bool is_mapped;
    void *base = (void *)BOOT_DIRECT_MAP_BASE;

    if (!is_mapped)
        CHECK(mmap(base, HOST_RAM_FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == base);
    is_mapped = true;
    for (; records_count > 0; records_count--)
        free(records[records_count - 1]);
    next_frame = 1;
    ram_init();
}

hpa_t frames_alloc(void)
{
    return next_frame < HOST_RAM_FRAMES ? HPA((uint64_t)next_frame++ << PAGE_SHIFT) : HPA_NONE;
}

/* Never: RAM is backed frame by frame here. */
hpa_t frames_alloc_large(void)
{
    return HPA_NONE;
}

void frames_free(hpa_t frame)
{
    (void)frame;
}

hpa_t table_alloc(void)
{
    hpa_t frame = frames_alloc();

    if (frame.v)
        memset(hpa_to_ptr(frame), 0, PAGE_SIZE);
    return frame;
}

uint64_t *table_descend(uint64_t *entry, uint64_t flags)
{
    hpa_t table = *entry & PTE_P ? HPA_NONE : table_alloc();

    if (table.v)
        *entry = table.v | PTE_P | PTE_W | flags;
    return *entry & PTE_P ? table_of(*entry) : NULL;
}

/* Records are all there from the start: none says GFRAME_ABSENT. */
void *vmap_reserve(size_t bytes, hpa_t shown)
{
    (void)shown;
    CHECK(records_count < RECORDS_MOST);
    return records[records_count++] = calloc(1, bytes);
}

void vmap_back(void *page, hpa_t frame)
{
    (void)page;
    (void)frame;
}

void vmap_unback(void *page, hpa_t shown)
{
    (void)page;
    (void)shown;
}

void vmap_free(void *memory)
{
    (void)memory;
}

void owners_end(void)
{
}

