/*
 * paging.c - hv_setpd, hv_adjustpg, hidden faults and flips, on tables that this guest builds.
 *
 * Every directory maps all of RAM one to one by six tables that all share, for user mode too, and what is measured from
 * PAGES_GVA up, by tables of its own. All RAM is touched before: what the hypervisor does when a frame is used for the
 * first time is no part of any row.
 */
#include "bench.h"

#define PAGE_BYTES 4096u
#define TABLE_ENTRIES 1024u
#define TABLE_SPAN (TABLE_ENTRIES * PAGE_BYTES)
#define ENTRY_P 1u
#define ENTRY_W 2u
#define ENTRY_U 4u
#define ENTRY_FULL (ENTRY_P | ENTRY_W | ENTRY_U)

#define RAM_TABLES 6u                           /* 24 MiB */
#define POOL 0x200000u                          /* frames for tables: 2 MiB to 4 MiB */
#define DATA 0x400000u                          /* frames to map: from here to the end of RAM */
#define DATA_FRAMES (RAM_TABLES * TABLE_ENTRIES - DATA / PAGE_BYTES)
#define PAGES_GVA 0x40000000u

#define ROUNDS 50
#define CHANGES 48              /* changed tables in a sample: short enough that most hold no tick */
#define PAGES_MOST 4096u
#define CHANGED_MOST 16u
#define FRESH_PAGES 512u

static uint32_t pool_next = POOL;
static uint32_t ram_tables[RAM_TABLES];
static uint32_t directory_a, directory_b;       /* the two that the loops switch between */
static uint32_t changed_count;                  /* tables that a round changes */
static uint32_t *changed_entries[CHANGED_MOST];

static uint32_t *words(uint32_t frame)
{
    return (uint32_t *)(uintptr_t)frame;
}

/* A frame that was never a table before, all zero. */
static uint32_t take_frame(void)
{
    uint32_t frame = pool_next;

    pool_next += PAGE_BYTES;
    if (pool_next > DATA)
        hv_exit(2);
    memset(words(frame), 0, PAGE_BYTES);
    return frame;
}

static uint32_t data_frame(uint32_t index)
{
    return DATA + index % DATA_FRAMES * PAGE_BYTES;
}

static uint32_t *entry_of(uint32_t directory, uint32_t gva)
{
    uint32_t table = words(directory)[gva / TABLE_SPAN] & ~(PAGE_BYTES - 1);

    return &words(table)[gva / PAGE_BYTES % TABLE_ENTRIES];
}

/* A directory with so many pages from PAGES_GVA up, in tables of its own. */
static uint32_t make_directory(uint32_t pages, uint32_t bits)
{
    uint32_t directory = take_frame();

    for (uint32_t i = 0; i < RAM_TABLES; i++)
        words(directory)[i] = ram_tables[i] | ENTRY_FULL;
    for (uint32_t page = 0; page < pages; page++) {
        uint32_t gva = PAGES_GVA + page * PAGE_BYTES;
        if (page % TABLE_ENTRIES == 0)
            words(directory)[gva / TABLE_SPAN] = take_frame() | ENTRY_FULL;
        *entry_of(directory, gva) = data_frame(page) | bits;
    }
    return directory;
}

static void make_ram_tables(void)
{
    for (uint32_t frame = POOL; frame < RAM_TABLES * TABLE_SPAN; frame += PAGE_BYTES)
        *words(frame) = 0;
    for (uint32_t i = 0; i < RAM_TABLES; i++) {
        ram_tables[i] = take_frame();
        for (uint32_t k = 0; k < TABLE_ENTRIES; k++)
            words(ram_tables[i])[k] = i * TABLE_SPAN + k * PAGE_BYTES + ENTRY_FULL;
    }
}

static void read_pages(uint32_t count)
{
    for (uint32_t page = 0; page < count; page++)
        (void)*(volatile uint32_t *)(uintptr_t)(PAGES_GVA + page * PAGE_BYTES);
}

static void write_pages(uint32_t count)
{
    for (uint32_t page = 0; page < count; page++)
        *(volatile uint32_t *)(uintptr_t)(PAGES_GVA + page * PAGE_BYTES) = page;
}

BENCH_LOOP(loop_setpd, "pushl $1; pushl %1; movl $6, %%eax; int $0xDE; addl $8, %%esp;"
           "pushl $1; pushl %2; movl $6, %%eax; int $0xDE; addl $8, %%esp", "S"(directory_a), "D"(directory_b))
BENCH_LOOP(loop_setpd_empty, "", "S"(directory_a), "D"(directory_b))

/* Two directories whose pages are all in use, and nothing has changed since. */
static void measure_setpd(const char *name, uint32_t pages)
{
    directory_a = make_directory(pages, ENTRY_FULL);
    directory_b = make_directory(pages, ENTRY_FULL);
    for (uint32_t i = 0; i < 2; i++) {
        hv_setpd(directory_a, 1);
        write_pages(pages);
        hv_setpd(directory_b, 1);
        write_pages(pages);
    }
    loop_setpd(2);
    bench_measure(name, loop_setpd, loop_setpd_empty, ROUNDS, 2);
}

static void write_changes(uint32_t round)
{
    for (uint32_t i = 0; i < changed_count; i++)
        changed_entries[i][0] = data_frame(round + i) | ENTRY_FULL;
}

/* The changes are the guest's own work where tables are not traced: only what they cost beyond that is the call's. */
static void change_and_setpd(uint32_t rounds)
{
    while (rounds-- > 0) {
        write_changes(rounds);
        hv_setpd(directory_a, 1);
    }
}

static void change_only(uint32_t rounds)
{
    while (rounds-- > 0)
        write_changes(rounds);
}

/* Change one entry in each of some tables, of a directory with PAGES_MOST pages in use, and load it. */
static void measure_changed(const char *name, uint32_t tables, uint32_t pages)
{
    uint32_t free_to_write[CHANGED_MOST];
    struct cost samples[SAMPLES];
    uint32_t overhead = ~0u, rounds = CHANGES / tables;

    changed_count = tables;
    for (uint32_t sample = 0; sample < SAMPLES; sample++) {
        struct start start;
        for (uint32_t i = 0; i < tables; i++)
            changed_entries[i] = &free_to_write[i];
        bench_start(&start);
        change_only(rounds);
        struct cost cost = bench_stop(&start);
        overhead = cost.cycles < overhead ? cost.cycles : overhead;
        for (uint32_t i = 0; i < tables; i++)
            changed_entries[i] = entry_of(directory_a, PAGES_GVA + i * TABLE_SPAN);
        change_and_setpd(1);
        write_pages(pages);
        hv_setpd(directory_a, 1);
        bench_start(&start);
        change_and_setpd(rounds);
        samples[sample] = bench_stop(&start);
        samples[sample].cycles -= overhead;
    }
    bench_report(name, rounds, samples, SAMPLES);
}

static void measure_all_changed(void)
{
    directory_a = make_directory(TABLE_ENTRIES, ENTRY_FULL);
    hv_setpd(directory_a, 1);
    measure_changed("setpd_changed_1_of_1", 1, TABLE_ENTRIES);
    directory_a = make_directory(CHANGED_MOST * TABLE_ENTRIES, ENTRY_FULL);
    hv_setpd(directory_a, 1);
    measure_changed("setpd_changed_1", 1, CHANGED_MOST * TABLE_ENTRIES);
    measure_changed("setpd_changed_4", 4, CHANGED_MOST * TABLE_ENTRIES);
    measure_changed("setpd_changed_16", CHANGED_MOST, CHANGED_MOST * TABLE_ENTRIES);
}

static uint32_t adjusted_entries[2];
BENCH_LOOP(loop_adjust, "movl (%1), %%eax; xorl $0x1000, %%eax; movl %%eax, (%1);"
           "pushl %2; movl $7, %%eax; int $0xDE; addl $4, %%esp",
           "S"(entry_of(directory_a, PAGES_GVA)), "D"(PAGES_GVA))
BENCH_LOOP(loop_adjust_empty, "movl (%1), %%eax; xorl $0x1000, %%eax; movl %%eax, (%1);",
           "S"(adjusted_entries))
BENCH_LOOP(loop_adjust_touch, "movl (%1), %%eax; xorl $0x1000, %%eax; movl %%eax, (%1);"
           "pushl %2; movl $7, %%eax; int $0xDE; addl $4, %%esp; movl %%eax, (%2)",
           "S"(entry_of(directory_a, PAGES_GVA)), "D"(PAGES_GVA))

/* A page that is in use is moved to another frame and back; then the same with the page used each time. */
static void measure_adjustpg(void)
{
    directory_a = make_directory(TABLE_ENTRIES, ENTRY_FULL);
    hv_setpd(directory_a, 1);
    write_pages(TABLE_ENTRIES);
    bench_measure("adjustpg", loop_adjust, loop_adjust_empty, ROUNDS, 1);
    bench_measure("adjustpg_and_use", loop_adjust_touch, loop_adjust_empty, ROUNDS, 1);
}

/* The first use of pages whose tables are known; of the first page of a table, which brings the table, none. */
static void measure_hidden(void)
{
    struct cost samples[SAMPLES];
    struct start start;

    for (uint32_t i = 0; i < SAMPLES; i++) {
        hv_setpd(make_directory(FRESH_PAGES, ENTRY_FULL), 1);
        write_pages(1);
        bench_start(&start);
        write_pages(FRESH_PAGES);
        samples[i] = bench_stop(&start);
        bench_start(&start);
        write_pages(FRESH_PAGES);
        samples[i].cycles -= bench_stop(&start).cycles;
    }
    bench_report("hidden_fault", FRESH_PAGES - 1, samples, SAMPLES);
}

/* wp 0: the kernel writes to pages that user mode may only read, and that have been read before. */
static void measure_flip(void)
{
    struct cost samples[SAMPLES];
    struct start start;

    for (uint32_t i = 0; i < SAMPLES; i++) {
        hv_setpd(make_directory(FRESH_PAGES, ENTRY_P | ENTRY_U), 0);
        read_pages(FRESH_PAGES);
        bench_start(&start);
        write_pages(FRESH_PAGES);
        samples[i] = bench_stop(&start);
        bench_start(&start);
        write_pages(FRESH_PAGES);
        samples[i].cycles -= bench_stop(&start).cycles;
    }
    bench_report("flip", FRESH_PAGES, samples, SAMPLES);
}

static void user_int(uint32_t rounds)
{
    bench_user_run(bench_user_int, rounds);
}

static void user_empty(uint32_t rounds)
{
    bench_user_run(bench_user_empty, rounds);
}

void bench_paging(void)
{
    make_ram_tables();
    measure_setpd("setpd_16", 16);
    measure_setpd("setpd_64", 64);
    measure_setpd("setpd_256", 256);
    measure_setpd("setpd_1024", 1024);
    measure_setpd("setpd_4096", PAGES_MOST);
    measure_all_changed();
    measure_adjustpg();
    measure_hidden();
    measure_flip();
}

void bench_user(void)
{
    hv_setpd(make_directory(TABLE_ENTRIES, ENTRY_FULL), 1);
    hv_setidt(0x80, (uint32_t)(uintptr_t)bench_user_handler, 0);
    hv_setidt(0x81, (uint32_t)(uintptr_t)bench_done_handler, 0);
    bench_measure("user_int", user_int, user_empty, 200, 1);
}
