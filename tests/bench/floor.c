/*
 * floor.c - the least code that can do an operation (floor/), switched in; and the loops of calls.c and of INT n by it.
 * The other rows measure their floor where they measure the shipped code.
 *
 * Only in the benchmark's own image are there such handlers; elsewhere there are no such rows.
 */
#include "floor/floor.h"
#include "bench.h"

#define ROUNDS 200
#define INT_BYTES 2

BENCH_LOOP(loop_empty, "")
BENCH_LOOP(loop_magic, "movl %1, %%eax; int %2", "i"(HV_CALL_MAGIC), "i"(BENCH_FLOOR_MAGIC))
BENCH_LOOP(loop_cursor, "pushl $7; pushl $3; movl %1, %%eax; int %2; addl $8, %%esp",
           "i"(HV_CALL_CONS_SET_CURSOR_POS), "i"(BENCH_FLOOR_CURSOR))

static uint32_t call(uint32_t operation, uint32_t argument)
{
    return hv_counters((struct hv_counters *)(uintptr_t)argument, BENCH_FLOOR_BYTES + operation);
}

bool bench_floor_do(uint32_t operation, uint32_t argument)
{
    static enum { UNKNOWN, ABSENT, PRESENT } image;
    static struct hv_counters scratch;

    /* The shipped image would store counters where argument says: find out with a buffer first. */
    if (image == UNKNOWN)
        image = call(BENCH_FLOOR_PROBE, (uint32_t)(uintptr_t)&scratch) == BENCH_FLOOR_BYTES ? PRESENT : ABSENT;
    if (image == ABSENT)
        return false;
    bool is_done = call(operation, argument) == BENCH_FLOOR_BYTES;
    bench_floor_expect(is_done, "switch");
    return is_done;
}

uint32_t bench_floor_ticks(void)
{
    return call(BENCH_FLOOR_TICKS, 0);
}

void bench_floor_expect(bool is_right, const char *what)
{
    if (!is_right)
        printf("! floor: %s\n", what);
}

static void user_int(uint32_t rounds)
{
    bench_floor_run(bench_user_floor_int, rounds);
}

static void user_empty(uint32_t rounds)
{
    bench_floor_run(bench_user_empty, rounds);
}

static uint32_t magic(void)
{
    uint32_t result;

    __asm__ volatile("int %2" : "=a"(result) : "a"(HV_CALL_MAGIC), "i"(BENCH_FLOOR_MAGIC));
    return result;
}

/* The tables of bench_user are loaded. */
void bench_floor(void)
{
    if (!bench_floor_do(BENCH_FLOOR_ENTRY, (uint32_t)(uintptr_t)bench_floor_seen_user))
        return;
    bench_floor_expect(magic() == HV_MAGIC, "magic");
    bench_measure("floor_magic", loop_magic, loop_empty, ROUNDS, 1);
    bench_measure("floor_cursor", loop_cursor, loop_empty, ROUNDS, 1);
    user_int(1);
    bench_floor_expect(bench_frame[1] == 0 && bench_frame[3] == HV_MODE_USER &&
                       bench_frame[2] == (uint32_t)(uintptr_t)bench_user_floor_int + INT_BYTES, "user_int");
    bench_floor_do(BENCH_FLOOR_ENTRY, (uint32_t)(uintptr_t)bench_floor_user_handler);
    bench_measure("floor_user_int", user_int, user_empty, ROUNDS, 1);
}
