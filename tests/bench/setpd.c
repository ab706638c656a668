/*
 * setpd.c - hv_setpd, of directories with nothing changed and with some tables changed; then the user's INT n, which
 * needs a directory.
 */
#include "floor/floor.h"
#include "paging.h"

#define ROUNDS 50
#define CHANGES 48              /* changed tables in a sample: short enough that most hold no tick */
#define PAGES_MOST 4096u
#define CHANGED_MOST 16u

static uint32_t directory_a, directory_b;       /* the two that the loops switch between */
static uint32_t changed_count;                  /* tables that a round changes */
static uint32_t *changed_entries[CHANGED_MOST];

BENCH_LOOP(loop_setpd, "pushl $1; pushl %1; movl $6, %%eax; int $0xDE; addl $8, %%esp;"
           "pushl $1; pushl %2; movl $6, %%eax; int $0xDE; addl $8, %%esp", "S"(directory_a), "D"(directory_b))
BENCH_LOOP(loop_setpd_empty, "", "S"(directory_a), "D"(directory_b))

BENCH_LOOP(loop_setpd_floor, "pushl $1; pushl %1; movl $6, %%eax; int %3; addl $8, %%esp;"
           "pushl $1; pushl %2; movl $6, %%eax; int %3; addl $8, %%esp", "S"(directory_a), "D"(directory_b),
           "i"(BENCH_FLOOR_SETPD))

/* hv_setpd by the shortest wrapper, with wp. */
#define SETPD(vector, directory)                                                                \
    __asm__ volatile("pushl $1; pushl %0; movl %1, %%eax; int %2; addl $8, %%esp"               \
                     : : "r"(directory), "i"(HV_CALL_SETPD), "i"(vector) : "eax", "memory", "cc")

/* The first page tells which of the two is loaded. */
static bool floor_loads_both(void)
{
    SETPD(BENCH_FLOOR_SETPD, directory_a);
    bool is_right = *paging_words(PAGES_GVA) == 0xA;
    SETPD(BENCH_FLOOR_SETPD, directory_b);
    return is_right && *paging_words(PAGES_GVA) == 0xB;
}

static void measure_setpd_floor(const char *name)
{
    *paging_words(*paging_entry(directory_a, PAGES_GVA) & ~(PAGE_BYTES - 1)) = 0xA;
    *paging_words(*paging_entry(directory_b, PAGES_GVA) & ~(PAGE_BYTES - 1)) = 0xB;
    loop_setpd(2);              /* these may have brought tables that were not in use before */
    if (!bench_floor_do(BENCH_FLOOR_DIRECTORY, directory_a) || !bench_floor_do(BENCH_FLOOR_DIRECTORY, directory_b))
        return;
    bench_floor_expect(floor_loads_both(), name);
    bench_measure(name, loop_setpd_floor, loop_setpd_empty, ROUNDS, 2);
    bench_floor_expect(floor_loads_both(), name);
    hv_setpd(directory_b, 1);
}

/* Two directories whose pages are all in use, and nothing has changed since. */
static void measure_setpd(const char *name, const char *floor_name, uint32_t pages)
{
    directory_a = paging_make_directory(pages, ENTRY_FULL);
    directory_b = paging_make_directory(pages, ENTRY_FULL);
    *paging_entry(directory_b, PAGES_GVA) = paging_data_frame(pages) | ENTRY_FULL;
    for (uint32_t i = 0; i < 2; i++) {
        hv_setpd(directory_a, 1);
        paging_write(pages);
        hv_setpd(directory_b, 1);
        paging_write(pages);
    }
    loop_setpd(2);
    bench_measure(name, loop_setpd, loop_setpd_empty, ROUNDS, 2);
    measure_setpd_floor(floor_name);
}

static void write_changes(uint32_t round)
{
    for (uint32_t i = 0; i < changed_count; i++)
        changed_entries[i][0] = paging_data_frame(round + i) | ENTRY_FULL;
}

/* The changes are the guest's own work where tables are not traced: only what they cost beyond that is the call's. */
static void change_and_setpd(uint32_t rounds)
{
    while (rounds-- > 0) {
        write_changes(rounds);
        SETPD(HV_INT_VECTOR, directory_a);
    }
}

static void change_only(uint32_t rounds)
{
    while (rounds-- > 0)
        write_changes(rounds);
}

static void change_and_floor(uint32_t rounds)
{
    while (rounds-- > 0) {
        write_changes(rounds);
        SETPD(BENCH_FLOOR_CHANGED, directory_a);
    }
}

/* The first page of each changed table reads as the frame that its entry names by now. */
static bool is_changed(void)
{
    bool is_right = true;

    for (uint32_t i = 0; i < changed_count; i++) {
        uint32_t frame = *changed_entries[i] & ~(PAGE_BYTES - 1);
        *paging_words(frame) = frame;
        is_right = is_right && *paging_words(PAGES_GVA + i * TABLE_SPAN) == frame;
    }
    return is_right;
}

/* The guest has written to the tables since they were read, so it may go on to; the floor compares these. */
static void measure_changed_floor(const char *name, uint32_t overhead)
{
    struct cost samples[SAMPLES];
    struct start start;
    uint32_t rounds = CHANGES / changed_count;

    write_changes(1);
    if (!bench_floor_do(BENCH_FLOOR_DIRECTORY, directory_a) ||
        !bench_floor_do(BENCH_FLOOR_TABLES, PAGES_GVA + changed_count))
        return;
    for (uint32_t round = 4; round < 6; round++) {
        write_changes(round);
        SETPD(BENCH_FLOOR_CHANGED, directory_a);
        bench_floor_expect(is_changed(), "setpd_changed");
    }
    for (uint32_t sample = 0; sample < SAMPLES; sample++) {
        bench_start(&start);
        change_and_floor(rounds);
        samples[sample] = bench_stop(&start);
        samples[sample].cycles -= overhead;
        bench_floor_expect(samples[sample].hidden_faults == 0 && is_changed(), name);
    }
    bench_floor_do(BENCH_FLOOR_OFF, 0);
    hv_setpd(directory_a, 1);
    bench_report(name, rounds, samples, SAMPLES);
}

/* Change one entry in each of some tables, of a directory with PAGES_MOST pages in use, and load it. */
static void measure_changed(const char *name, const char *floor_name, uint32_t tables, uint32_t pages)
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
            changed_entries[i] = paging_entry(directory_a, PAGES_GVA + i * TABLE_SPAN);
        for (uint32_t i = 0; i < 3; i++) {      /* one call may not have the time to read all tables */
            change_and_setpd(1);
            paging_write(pages);
            hv_setpd(directory_a, 1);
        }
        bench_start(&start);
        change_and_setpd(rounds);
        samples[sample] = bench_stop(&start);
        samples[sample].cycles -= overhead;
    }
    bench_report(name, rounds, samples, SAMPLES);
    measure_changed_floor(floor_name, overhead);
}

static void measure_all_changed(void)
{
    directory_a = paging_make_directory(TABLE_ENTRIES, ENTRY_FULL);
    hv_setpd(directory_a, 1);
    measure_changed("setpd_changed_1_of_1", "floor_setpd_changed_1_of_1", 1, TABLE_ENTRIES);
    directory_a = paging_make_directory(CHANGED_MOST * TABLE_ENTRIES, ENTRY_FULL);
    hv_setpd(directory_a, 1);
    measure_changed("setpd_changed_1", "floor_setpd_changed_1", 1, CHANGED_MOST * TABLE_ENTRIES);
    measure_changed("setpd_changed_4", "floor_setpd_changed_4", 4, CHANGED_MOST * TABLE_ENTRIES);
    measure_changed("setpd_changed_16", "floor_setpd_changed_16", CHANGED_MOST, CHANGED_MOST * TABLE_ENTRIES);
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
    paging_make_ram_tables();
    measure_setpd("setpd_16", "floor_setpd_16", 16);
    measure_setpd("setpd_64", "floor_setpd_64", 64);
    measure_setpd("setpd_256", "floor_setpd_256", 256);
    measure_setpd("setpd_1024", "floor_setpd_1024", 1024);
    measure_setpd("setpd_4096", "floor_setpd_4096", PAGES_MOST);
    measure_all_changed();
    bench_faults();
    bench_reflected();
}

void bench_user(void)
{
    hv_setpd(paging_make_directory(TABLE_ENTRIES, ENTRY_FULL), 1);
    hv_setidt(0x80, (uint32_t)(uintptr_t)bench_user_handler, 0);
    hv_setidt(BENCH_SLOT_DONE, (uint32_t)(uintptr_t)bench_done_handler, 0);
    bench_measure("user_int", user_int, user_empty, 200, 1);
}
