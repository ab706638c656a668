/*
 * faults.c - hv_adjustpg, hidden faults and flips.
 */
#include "floor/floor.h"
#include "paging.h"

#define ROUNDS 50
#define FRESH_PAGES 512u
#define ALTERNATING_PAGES 256u     /* of each of two tables */

static uint32_t directory_a;

static uint32_t adjusted_entries[2];
BENCH_LOOP(loop_adjust, "movl (%1), %%eax; xorl $0x1000, %%eax; movl %%eax, (%1);"
           "pushl %2; movl $7, %%eax; int $0xDE; addl $4, %%esp",
           "S"(paging_entry(directory_a, PAGES_GVA)), "D"(PAGES_GVA))
BENCH_LOOP(loop_adjust_empty, "movl (%1), %%eax; xorl $0x1000, %%eax; movl %%eax, (%1);",
           "S"(adjusted_entries))
BENCH_LOOP(loop_adjust_touch, "movl (%1), %%eax; xorl $0x1000, %%eax; movl %%eax, (%1);"
           "pushl %2; movl $7, %%eax; int $0xDE; addl $4, %%esp; movl %%eax, (%2)",
           "S"(paging_entry(directory_a, PAGES_GVA)), "D"(PAGES_GVA))

BENCH_LOOP(loop_adjust_floor, "movl (%1), %%eax; xorl $0x1000, %%eax; movl %%eax, (%1);"
           "pushl %2; movl $7, %%eax; int %3; addl $4, %%esp",
           "S"(paging_entry(directory_a, PAGES_GVA)), "D"(PAGES_GVA), "i"(BENCH_FLOOR_ADJUSTPG))

/* The page reads as the frame that its entry names. */
static bool is_adjusted(void)
{
    uint32_t frame = *paging_entry(directory_a, PAGES_GVA) & ~(PAGE_BYTES - 1);

    return *paging_words(PAGES_GVA) == frame;
}

static void measure_adjustpg_floor(void)
{
    uint32_t frame = *paging_entry(directory_a, PAGES_GVA) & ~(PAGE_BYTES - 1);

    *paging_words(frame) = frame;
    *paging_words(frame ^ PAGE_BYTES) = frame ^ PAGE_BYTES;
    if (!bench_floor_do(BENCH_FLOOR_TABLES, PAGES_GVA + 1))
        return;
    for (uint32_t i = 0; i < 2; i++) {
        loop_adjust_floor(1);
        bench_floor_expect(is_adjusted(), "adjustpg");
    }
    bench_measure("floor_adjustpg", loop_adjust_floor, loop_adjust_empty, ROUNDS, 1);
    bench_floor_do(BENCH_FLOOR_OFF, 0);
}

/* A page that is in use is moved to another frame and back; then the same with the page used each time. */
static void measure_adjustpg(void)
{
    directory_a = paging_make_directory(TABLE_ENTRIES, ENTRY_FULL);
    hv_setpd(directory_a, 1);
    paging_write(TABLE_ENTRIES);
    bench_measure("adjustpg", loop_adjust, loop_adjust_empty, ROUNDS, 1);
    bench_measure("adjustpg_and_use", loop_adjust_touch, loop_adjust_empty, ROUNDS, 1);
    measure_adjustpg_floor();
}

/* Write to all pages, less what that costs once more. */
static struct cost first_writes(void)
{
    struct start start;

    bench_start(&start);
    paging_write(FRESH_PAGES);
    struct cost cost = bench_stop(&start);
    bench_start(&start);
    paging_write(FRESH_PAGES);
    cost.cycles -= bench_stop(&start).cycles;
    return cost;
}

/* The same by the floor's handler of these faults: the shipped one had none of them, and every word is in its frame. */
static bool first_writes_floor(uint32_t handler, struct cost *cost)
{
    for (uint32_t page = 1; page < FRESH_PAGES; page++)
        *paging_words(paging_data_frame(page)) = ~0u;
    if (!bench_floor_do(handler, PAGES_GVA))
        return false;
    *cost = first_writes();
    bench_floor_do(BENCH_FLOOR_OFF, 0);
    bool is_right = cost->hidden_faults == 0;
    for (uint32_t page = 1; page < FRESH_PAGES; page++)
        is_right = is_right && *paging_words(paging_data_frame(page)) == page;
    bench_floor_expect(is_right, handler == BENCH_FLOOR_FLIP ? "flip" : "hidden_fault");
    return true;
}

/* The first use of pages whose tables are known; of the first page of a table, which brings the table, none. */
static void measure_hidden(void)
{
    struct cost samples[SAMPLES], floors[SAMPLES];
    bool has_floor = false;

    for (uint32_t i = 0; i < SAMPLES; i++) {
        hv_setpd(paging_make_directory(FRESH_PAGES, ENTRY_FULL), 1);
        paging_write(1);
        samples[i] = first_writes();
        hv_setpd(paging_make_directory(FRESH_PAGES, ENTRY_FULL), 1);
        paging_write(1);
        has_floor = first_writes_floor(BENCH_FLOOR_HIDDEN, &floors[i]);
    }
    bench_report("hidden_fault", FRESH_PAGES - 1, samples, SAMPLES);
    if (has_floor)
        bench_report("floor_hidden_fault", FRESH_PAGES - 1, floors, SAMPLES);
}

/* First uses again, but each in another 2 MiB than the one before. */
static void write_alternating(uint32_t from, uint32_t to)
{
    for (uint32_t page = from; page < to; page++) {
        *paging_words(PAGES_GVA + page * PAGE_BYTES) = page;
        *paging_words(PAGES_GVA + TABLE_SPAN + page * PAGE_BYTES) = page;
    }
}

static void measure_alternating(void)
{
    struct cost samples[SAMPLES];
    struct start start;

    for (uint32_t i = 0; i < SAMPLES; i++) {
        hv_setpd(paging_make_directory(TABLE_ENTRIES + ALTERNATING_PAGES, ENTRY_FULL), 1);
        write_alternating(0, 1);
        bench_start(&start);
        write_alternating(1, ALTERNATING_PAGES);
        samples[i] = bench_stop(&start);
        bench_start(&start);
        write_alternating(1, ALTERNATING_PAGES);
        samples[i].cycles -= bench_stop(&start).cycles;
    }
    bench_report("hidden_fault_alternating", 2 * (ALTERNATING_PAGES - 1), samples, SAMPLES);
}

/* wp 0: the kernel writes to pages that user mode may only read, and that have been read before. */
static void measure_flip(void)
{
    struct cost samples[SAMPLES], floors[SAMPLES];
    bool has_floor = false;

    for (uint32_t i = 0; i < SAMPLES; i++) {
        hv_setpd(paging_make_directory(FRESH_PAGES, ENTRY_P | ENTRY_U), 0);
        paging_read(FRESH_PAGES);
        samples[i] = first_writes();
        hv_setpd(paging_make_directory(FRESH_PAGES, ENTRY_P | ENTRY_U), 0);
        paging_read(FRESH_PAGES);
        has_floor = first_writes_floor(BENCH_FLOOR_FLIP, &floors[i]);
    }
    bench_report("flip", FRESH_PAGES, samples, SAMPLES);
    if (has_floor)
        bench_report("floor_flip", FRESH_PAGES, floors, SAMPLES);
}

void bench_faults(void)
{
    measure_adjustpg();
    measure_hidden();
    measure_alternating();
    measure_flip();
}
