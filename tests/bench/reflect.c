/*
 * reflect.c - page faults that are the guest's own, with paging on: what its tables say has to be looked at, in 2 MiB
 * of which no page was ever filled, so that nothing is remembered of them.
 */
#include "paging.h"

#define ROUNDS 200
#define PAGE_FAULT 14
#define NO_TABLE 0x60000000u                        /* its PDE is empty */
#define NO_PAGE (PAGES_GVA + TABLE_SPAN / 2)        /* its table has pages, but none here */
#define SUPERVISOR (PAGES_GVA + TABLE_SPAN)

BENCH_LOOP(loop_empty, "")
BENCH_LOOP(loop_no_table, "movl $2f, %%ecx; movl (%1), %%eax; 2:", "S"(NO_TABLE))
BENCH_LOOP(loop_no_page, "movl $2f, %%ecx; movl (%1), %%eax; 2:", "S"(NO_PAGE))

static void user_empty(uint32_t rounds)
{
    bench_user_run(bench_user_empty, rounds);
}

static void user_touch(uint32_t rounds)
{
    bench_user_run(bench_user_touch, rounds);
}

static void measure_user(const char *name, uint32_t address)
{
    bench_touched = address;
    bench_measure(name, user_touch, user_empty, ROUNDS, 1);
}

void bench_reflected(void)
{
    uint32_t directory = paging_make_directory(TABLE_ENTRIES + 1, ENTRY_FULL);

    for (uint32_t page = TABLE_ENTRIES / 2; page < TABLE_ENTRIES; page++)
        *paging_entry(directory, PAGES_GVA + page * PAGE_BYTES) = 0;
    *paging_entry(directory, SUPERVISOR) &= ~ENTRY_U;
    hv_setpd(directory, 1);
    paging_write(1);                                /* the table is in use */
    hv_setidt(PAGE_FAULT, (uint32_t)(uintptr_t)bench_resume_handler, 1);
    bench_measure("page_fault_no_table", loop_no_table, loop_empty, ROUNDS, 1);
    bench_measure("page_fault_no_page", loop_no_page, loop_empty, ROUNDS, 1);
    hv_setidt(PAGE_FAULT, (uint32_t)(uintptr_t)bench_user_resume_handler, 1);
    hv_setidt(BENCH_SLOT_DONE, (uint32_t)(uintptr_t)bench_done_handler, 0);
    measure_user("page_fault_user_denied", SUPERVISOR);
    measure_user("page_fault_user_no_page", NO_PAGE);
}
