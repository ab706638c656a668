/*
 * tables.c - what a guest's own page tables cost the hypervisor, in frames: by directory, by live table, by role.
 *
 * It runs alone, and all its RAM is touched before, so what hv_counters says is missing went into the hypervisor's
 * tables. Each step does the same several times; the first of each kind pays for what all share.
 *
 * Lines for scripts/bench:
 *   @ tables FIRST DIRECTORIES FRAMES TABLES FRAMES ROLES FRAMES DIRTY FRAMES AGAIN
 * FIRST is the first hv_setpd with one live table in each GiB, below 0 where it gives back more than it takes, as the
 * tables of paging off are not needed then; the pairs are how many were added and what all of them cost; AGAIN is what
 * the same directories cost when they are loaded and used once more.
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define TABLE_ENTRIES 1024u
#define TABLE_SPAN (TABLE_ENTRIES * PAGE_BYTES)
#define TABLES_AT 0x200000u         /* frames for directories and tables */
#define FULL 7u                     /* P, W, U */
#define READ_ONLY 5u
#define GIB 0x40000000u
#define PLACES 4u                   /* a directory in use in each GiB needs all its page directories */
#define DIRECTORIES 16u
#define TABLES 32u
#define FIRST_SLOT 16u              /* of a directory: above the code */

static uint32_t next_frame = TABLES_AT;

static uint32_t *words(uint32_t frame)
{
    return (uint32_t *)(uintptr_t)frame;
}

static uint32_t take_frame(void)
{
    uint32_t frame = next_frame;

    next_frame += PAGE_BYTES;
    return frame;
}

static uint32_t frames_free(void)
{
    struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    return (uint32_t)counters.frames_free;
}

/* One to one for the first 4 MiB, or the same frames from any other place. */
static uint32_t make_table(void)
{
    uint32_t table = take_frame();

    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
        words(table)[i] = i * PAGE_BYTES | FULL;
    return table;
}

/* The first 4 MiB again in each GiB. */
static uint32_t make_directory(uint32_t table)
{
    uint32_t directory = take_frame();

    for (uint32_t place = 0; place < PLACES; place++)
        words(directory)[place * GIB / TABLE_SPAN] = table | FULL;
    return directory;
}

/* Both halves of a table, which are a host page table each. */
static void use(uint32_t gva)
{
    (void)*(volatile uint32_t *)(uintptr_t)(gva + PAGE_BYTES);
    (void)*(volatile uint32_t *)(uintptr_t)(gva + TABLE_SPAN / 2 + PAGE_BYTES);
}

static void load_and_use(uint32_t directory, uint32_t wp)
{
    hv_setpd(directory, wp);
    for (uint32_t place = 0; place < PLACES; place++)
        use(place * GIB);
}

static void use_slots(uint32_t base)
{
    for (uint32_t i = 0; i < TABLES; i++)
        use(base + (FIRST_SLOT + i) * TABLE_SPAN);
}

int main(void)
{
    uint32_t directories[DIRECTORIES + 1], free[7], table = make_table();
    uint32_t ram_bytes = (sdk_launch.ebx + 1) * PAGE_BYTES;

    for (uint32_t i = 0; i <= DIRECTORIES; i++)
        directories[i] = make_directory(table);
    for (uint32_t i = 0; i < TABLES; i++)
        words(directories[0])[FIRST_SLOT + i] = make_table() | FULL;
    for (uint32_t frame = 0; frame < ram_bytes; frame += PAGE_BYTES)
        *(volatile uint32_t *)words(frame) = *(volatile uint32_t *)words(frame);

    free[0] = frames_free();
    load_and_use(directories[0], 1);
    free[1] = frames_free();
    for (uint32_t i = 1; i <= DIRECTORIES; i++)
        load_and_use(directories[i], 1);
    free[2] = frames_free();
    hv_setpd(directories[0], 1);
    use_slots(0);
    free[3] = frames_free();
    /* The same tables without wp under entries that may write and that may not: two more roles, one more directory. */
    for (uint32_t i = 0; i < TABLES; i++)
        words(directories[0])[GIB / TABLE_SPAN + FIRST_SLOT + i] =
            (words(directories[0])[FIRST_SLOT + i] & ~(PAGE_BYTES - 1)) | READ_ONLY;
    load_and_use(directories[0], 0);
    use_slots(0);
    use_slots(GIB);
    free[4] = frames_free();
    hv_setpd(directories[0], 0);
    for (uint32_t i = 0; i < TABLES; i++)
        words(words(directories[0])[FIRST_SLOT + i] & ~(PAGE_BYTES - 1))[2] = FULL;
    free[5] = frames_free();
    for (uint32_t i = 0; i <= DIRECTORIES; i++)
        load_and_use(directories[i], 1);
    free[6] = frames_free();
    printf("@ tables %d %u %u %u %u %u %u %u %u %u\n", (int)(free[0] - free[1]), DIRECTORIES, free[1] - free[2], TABLES,
           free[2] - free[3], 2 * TABLES, free[3] - free[4], TABLES, free[4] - free[5], free[5] - free[6]);
    return 0;
}
