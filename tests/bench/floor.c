/*
 * floor.c - the same loops as calls.c and paging.c, through the least code that can do the operation (floor/floor.S).
 *
 * Only in the benchmark's own image are there such handlers; elsewhere this part has no rows.
 */
#include "floor/floor.h"
#include "bench.h"

#define ROUNDS 200

BENCH_LOOP(loop_empty, "")
BENCH_LOOP(loop_magic, "movl %1, %%eax; int %2", "i"(HV_CALL_MAGIC), "i"(BENCH_FLOOR_MAGIC))
BENCH_LOOP(loop_cursor, "pushl $7; pushl $3; movl %1, %%eax; int %2; addl $8, %%esp",
           "i"(HV_CALL_CONS_SET_CURSOR_POS), "i"(BENCH_FLOOR_CURSOR))

static void user_int(uint32_t rounds)
{
    bench_floor_run(bench_user_floor_int, rounds);
}

static void user_empty(uint32_t rounds)
{
    bench_floor_run(bench_user_empty, rounds);
}

void bench_floor(void)
{
    struct hv_counters *entry = (struct hv_counters *)(uintptr_t)bench_floor_handler;
    struct hv_counters scratch;

    /* The shipped image would store counters where the handler is: find out with a buffer first. */
    if (hv_counters(&scratch, BENCH_FLOOR_BYTES) != BENCH_FLOOR_BYTES)
        return;
    hv_counters(entry, BENCH_FLOOR_BYTES);
    bench_measure("floor_magic", loop_magic, loop_empty, ROUNDS, 1);
    bench_measure("floor_cursor", loop_cursor, loop_empty, ROUNDS, 1);
    bench_measure("floor_user_int", user_int, user_empty, ROUNDS, 1);
}
