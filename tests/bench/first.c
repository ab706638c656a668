/*
 * first.c - what the first use of a page costs, with paging off and on, and hv_adjustpg where nothing was ever used.
 *
 * Lines for scripts/bench, instructions of one operation by the TSC, the least of several samples:
 *   @ first NAME INSTRUCTIONS
 * What the guest's own loop takes is taken off: it runs again when all pages are in use.
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define TABLE_ENTRIES 1024u
#define FULL 7u                     /* P, W, U */
#define SAMPLES 5u
#define PAGES 256u                  /* of a sample */
#define OFF_AT 0x400000u            /* RAM for first touches with paging off, and from ON_AT on with paging on */
#define ON_AT 0xA00000u
#define COPY_SLOT 512u              /* of the directory: where copies are mapped, and are not */
#define UNUSED_SLOT 600u

static uint32_t directory[TABLE_ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static uint32_t ram_tables[4][TABLE_ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static uint32_t copy_tables[2][TABLE_ENTRIES] __attribute__((aligned(PAGE_BYTES)));

static void store(uint32_t gva)
{
    *(volatile uint32_t *)(uintptr_t)gva = 1;
}

static uint32_t store_pages(uint32_t gva)
{
    uint64_t start = rdtsc();

    for (uint32_t i = 1; i < PAGES; i++)
        store(gva + i * PAGE_BYTES);
    return (uint32_t)(rdtsc() - start);
}

/* hv_adjustpg by the shortest wrapper. */
static void adjust(uint32_t gva)
{
    __asm__ volatile("pushl %0; movl %1, %%eax; int $0xDE; addl $4, %%esp"
                     : : "r"(gva), "i"(HV_CALL_ADJUSTPG) : "eax", "memory", "cc");
}

static uint32_t slot_gva(uint32_t slot)
{
    return slot * TABLE_ENTRIES * PAGE_BYTES;
}

static uint32_t least;

static void sample(uint32_t first, uint32_t again, uint32_t operations)
{
    uint32_t each = (first - again + operations / 2) / operations;

    least = each < least ? each : least;
}

static void tell(const char *name)
{
    printf("@ first %s %u\n", name, least);
    least = ~0u;
}

/* The first page of each sample brings the host's page table, and is not counted. */
static void first_touch_off(void)
{
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint32_t at = OFF_AT + i * PAGES * PAGE_BYTES;
        store(at);
        uint32_t first = store_pages(at);
        sample(first, store_pages(at), PAGES - 1);
    }
    tell("touch_off");
}

/* What a kernel does for a page of a process that it copies: the new frame by its own map, then by the process's. */
static uint32_t copy_pages(uint32_t at, uint32_t entry)
{
    uint64_t start = rdtsc();

    for (uint32_t i = 1; i < PAGES; i++) {
        uint32_t frame = at + 2 * i * PAGE_BYTES, gva = slot_gva(COPY_SLOT) + (entry + i) * PAGE_BYTES;
        store(frame);
        copy_tables[0][entry + i] = (frame + PAGE_BYTES) | FULL;
        adjust(gva);
        store(gva);
    }
    return (uint32_t)(rdtsc() - start);
}

static uint32_t adjust_pages(bool calls)
{
    uint64_t start = rdtsc();

    for (uint32_t i = 0; i < PAGES; i++) {
        uint32_t gva = slot_gva(UNUSED_SLOT) + i * PAGE_BYTES;
        if (calls)
            adjust(gva);
        else
            store((uint32_t)(uintptr_t)&copy_tables[1][0]);
    }
    return (uint32_t)(rdtsc() - start);
}

static void paging_on(void)
{
    for (uint32_t i = 0; i < 4 * TABLE_ENTRIES; i++)
        ram_tables[i / TABLE_ENTRIES][i % TABLE_ENTRIES] = i * PAGE_BYTES | FULL;
    for (uint32_t i = 0; i < 4; i++)
        directory[i] = (uint32_t)(uintptr_t)ram_tables[i] | FULL;
    directory[COPY_SLOT] = (uint32_t)(uintptr_t)copy_tables[0] | FULL;
    directory[UNUSED_SLOT] = (uint32_t)(uintptr_t)copy_tables[1] | FULL;
    copy_tables[0][0] = FULL;
    hv_setpd((uint32_t)(uintptr_t)directory, 1);
}

int main(void)
{
    least = ~0u;
    first_touch_off();
    paging_on();
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t at = ON_AT + i * 2 * PAGES * PAGE_BYTES;
        store(at);
        (void)*(volatile uint32_t *)(uintptr_t)slot_gva(COPY_SLOT);
        uint32_t first = copy_pages(at, i * PAGES);
        /* Once more, with two stores for each hv_adjustpg that the first had: the calls count, the loop does not. */
        uint64_t start = rdtsc();
        for (uint32_t j = 1; j < PAGES; j++) {
            store(at + 2 * j * PAGE_BYTES);
            copy_tables[1][i] = j;
            store(slot_gva(COPY_SLOT) + (i * PAGES + j) * PAGE_BYTES);
        }
        sample(first, (uint32_t)(rdtsc() - start), PAGES - 1);
    }
    tell("copy");
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint32_t first = adjust_pages(true);
        sample(first, adjust_pages(false), PAGES);
    }
    tell("adjust_unused");
    return 0;
}
