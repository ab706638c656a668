/*
 * slots.c - map frames behind one another in PML4[509].
 *
 * The page tables are made once and stay, so that what a guest took is what its end gives back.
 */
#include "pagetable/slots.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/frames.h"
#include "base/string.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "pagetable/hvmap.h"
#include "pagetable/layout.h"

static uint8_t used_frames[SLOTS_COUNT];    /* pages mapped in each slot; 0: free */

static uint64_t slot_linear(unsigned slot)
{
    return HVMAP_SLOTS_BASE + (uint64_t)slot * SLOT_BYTES;
}

/* The leaf entry of a page, or NULL when the tables above it are out of memory. */
static uint64_t *slot_entry(uint64_t linear)
{
    uint64_t *table = hpa_to_ptr(HPA(insn_read_cr3() & PTE_ADDRESS));
    for (unsigned level = 4; level > 1; level--) {
        table = table_descend(&table[table_index(linear, level)], 0);
        if (!table)
            return NULL;
    }
    return &table[table_index(linear, 1)];
}

void slots_init(void)
{
    for (unsigned slot = 0; slot < SLOTS_COUNT; slot += LARGE_PAGE_SIZE / SLOT_BYTES)
        CHECK(slot_entry(slot_linear(slot)));
}

static bool slot_map_page(uint64_t linear)
{
    uint64_t *entry = slot_entry(linear);
    hpa_t frame = entry ? table_alloc() : HPA_NONE;
    if (!frame.v)
        return false;
    *entry = frame.v | PTE_P | PTE_W | hvmap_no_execute();
    return true;
}

static void slot_unmap(unsigned slot)
{
    for (unsigned page = 0; page < used_frames[slot]; page++) {
        uint64_t linear = slot_linear(slot) + page * PAGE_SIZE;
        uint64_t *entry = slot_entry(linear);
        frames_free(HPA(*entry & PTE_ADDRESS));
        *entry = 0;
        insn_invlpg(linear);
    }
    used_frames[slot] = 0;
}

void *slots_alloc(size_t bytes)
{
    CHECK(bytes > 0 && bytes <= SLOT_BYTES);
    unsigned slot = 0;
    while (slot < SLOTS_COUNT && used_frames[slot])
        slot++;
    if (slot == SLOTS_COUNT)
        return NULL;
    for (size_t done = 0; done < bytes; done += PAGE_SIZE) {
        if (!slot_map_page(slot_linear(slot) + done)) {
            slot_unmap(slot);
            return NULL;
        }
        used_frames[slot]++;
    }
    return (void *)(uintptr_t)slot_linear(slot);
}

void slots_free(void *memory)
{
    uint64_t offset = (uint64_t)(uintptr_t)memory - HVMAP_SLOTS_BASE;
    CHECK(offset % SLOT_BYTES == 0 && offset / SLOT_BYTES < SLOTS_COUNT && used_frames[offset / SLOT_BYTES]);
    slot_unmap((unsigned)(offset / SLOT_BYTES));
}
