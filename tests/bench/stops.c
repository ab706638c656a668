/*
 * stops.c - how long the hypervisor goes on at a stretch, interrupts off, for a guest that makes it: one hv_setpd after
 * changes everywhere, one page fault for which shadows have to go, one hv_list.
 *
 * With 32 MiB or more it has FULL_TABLES tables of 1,024 entries, all in use; with less, more tables than the
 * hypervisor keeps shadows for, linked by all the directories that it keeps. Lines for scripts/bench, instructions by
 * the TSC:
 *   @ stop NAME INSTRUCTIONS
 */
#include "sdk.h"

#define PAGE_BYTES 4096u
#define TABLE_ENTRIES 1024u
#define TABLE_SPAN (TABLE_ENTRIES * PAGE_BYTES)
#define TABLES_AT 0x200000u         /* frames for directories and tables */
#define FULL 7u                     /* P, W, U */
#define FIRST_SLOT 16u              /* of a directory: above the tables that show RAM one to one */
#define FULL_TABLES 1000u
#define BIG_BYTES (32u << 20)
#define DIRECTORIES 64u             /* that the hypervisor keeps: SHADOW_DIRECTORIES */
#define EVICT_TABLES 320u           /* more than it keeps of a guest of 8 MiB */
#define EVICT_LINKED 240u           /* in all directories */
#define SEARCH_ROUNDS 400u

static uint32_t next_frame = TABLES_AT, ram_bytes;
static uint32_t tables[FULL_TABLES], directories[DIRECTORIES + 1];

static volatile uint32_t *words(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static uint32_t take_frame(void)
{
    uint32_t frame = next_frame;

    next_frame += PAGE_BYTES;
    return frame;
}

/* A table that shows RAM from here on, round and round. */
static uint32_t make_table(uint32_t first)
{
    uint32_t table = take_frame();

    for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
        words(table)[i] = (first + i * PAGE_BYTES) % ram_bytes | FULL;
    return table;
}

static uint32_t make_directory(void)
{
    static uint32_t ram_tables[FIRST_SLOT];
    uint32_t directory = take_frame();

    for (uint32_t i = 0; i * TABLE_SPAN < ram_bytes; i++) {
        if (ram_tables[i] == 0)
            ram_tables[i] = make_table(i * TABLE_SPAN);
        words(directory)[i] = ram_tables[i] | FULL;
    }
    return directory;
}

static uint32_t most;

static uint32_t load_timed(uint32_t directory)
{
    uint64_t start = rdtsc();

    hv_setpd(directory, 1);
    return (uint32_t)(rdtsc() - start);
}

static uint32_t hidden_faults(void)
{
    struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    return (uint32_t)counters.hidden_faults;
}

/* What cannot be done at a stretch makes the access fault again: what each of these faults takes. */
static void touch_timed(uint32_t gva)
{
    uint32_t before = hidden_faults();
    uint64_t start = rdtsc();

    (void)*words(gva);
    uint32_t cycles = (uint32_t)(rdtsc() - start), faults = hidden_faults() - before;
    cycles /= faults != 0 ? faults : 1;
    most = cycles > most ? cycles : most;
}

static void tell(const char *name, uint32_t cycles)
{
    printf("@ stop %s %u\n", name, cycles);
}

static void use_all(uint32_t slots, uint32_t step)
{
    for (uint32_t i = 0; i < slots; i++)
        for (uint32_t j = 0; j < TABLE_ENTRIES; j += step)
            (void)*words((FIRST_SLOT + i) * TABLE_SPAN + j * PAGE_BYTES);
}

/* A frame that is mapped writable in all tables is a table itself by now: at which hv_setpd is it protected? */
static void search(void)
{
    uint32_t frame = ram_bytes - PAGE_BYTES;

    most = 0;
    words(frame)[0] = FULL;
    words(directories[0])[FIRST_SLOT + FULL_TABLES] = frame | FULL;
    for (uint32_t round = 0; round < SEARCH_ROUNDS; round++) {
        (void)*words((FIRST_SLOT + FULL_TABLES) * TABLE_SPAN);
        uint32_t cycles = load_timed(directories[0]);
        most = cycles > most && round > 0 ? cycles : most;      /* the first reads what is left from before */
    }
    tell("setpd_search", most);
}

static void full_tables(void)
{
    directories[0] = make_directory();
    for (uint32_t i = 0; i < FULL_TABLES; i++) {
        tables[i] = make_table(i * 7 * PAGE_BYTES);
        words(directories[0])[FIRST_SLOT + i] = tables[i] | FULL;
    }
    hv_setpd(directories[0], 1);
    use_all(FULL_TABLES, 1);
    tell("setpd_first", load_timed(directories[0]));
    most = 0;
    for (uint32_t i = 0; i < FULL_TABLES; i++)
        touch_timed((FIRST_SLOT + i) * TABLE_SPAN);
    tell("fault_read_table", most);
    for (uint32_t round = 0; round < 200; round++) {            /* all of them synced */
        use_all(FULL_TABLES, TABLE_ENTRIES / 2);
        hv_setpd(directories[0], 1);
    }
    use_all(FULL_TABLES, TABLE_ENTRIES / 2);
    for (uint32_t i = 0; i < FULL_TABLES; i++)
        for (uint32_t j = 0; j < TABLE_ENTRIES; j++)
            words(tables[i])[j] ^= PAGE_BYTES;
    tell("setpd_changed", load_timed(directories[0]));
    search();
}

/* step 0: a table hangs at the same place in all directories; else at as many as there are. */
static void evictions(uint32_t step, const char *name)
{
    for (uint32_t i = 0; i < DIRECTORIES; i++) {
        for (uint32_t j = 0; j < EVICT_TABLES; j++)
            words(directories[i])[FIRST_SLOT + (j + i * step) % EVICT_TABLES] = tables[j] | FULL;
        hv_setpd(directories[i], 1);
        for (uint32_t j = 0; j < EVICT_LINKED; j++)
            (void)*words((FIRST_SLOT + (j + i * step) % EVICT_TABLES) * TABLE_SPAN);
    }
    most = 0;
    for (uint32_t j = 0; j < EVICT_TABLES; j++)
        touch_timed((FIRST_SLOT + (j + (DIRECTORIES - 1) * step) % EVICT_TABLES) * TABLE_SPAN);
    tell(name, most);
}

static void many_directories(void)
{
    for (uint32_t i = 0; i < EVICT_TABLES; i++)
        tables[i] = make_table(i * PAGE_BYTES);
    for (uint32_t i = 0; i < DIRECTORIES; i++)
        directories[i] = make_directory();
    evictions(0, "fault_evict");
    evictions(1, "fault_evict_scattered");
}

/* All images are walked over, and none is far enough in the list. This guest's own is a file of the volume. */
static void list_images(void)
{
    struct hv_listed_image image;
    uint64_t start = rdtsc();
    int32_t stored = hv_list(HV_LIST_IMAGES, UINT32_MAX, &image, 1);
    uint32_t cycles = (uint32_t)(rdtsc() - start);

    if (stored == 0)
        tell("list_images", cycles);
}

int main(void)
{
    ram_bytes = sdk_memory_bytes();
    if (ram_bytes >= BIG_BYTES) {
        full_tables();
    } else {
        list_images();                  /* it may: control=on */
        many_directories();
    }
    print_string("@ end\n");
    return 0;
}
