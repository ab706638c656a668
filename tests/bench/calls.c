/*
 * calls.c - hypercalls by the shortest wrapper: the number into EAX, arguments pushed, INT, arguments dropped.
 */
#include "bench.h"

#define ROUNDS 200

BENCH_LOOP(loop_empty, "")
BENCH_LOOP(loop_magic, "movl %1, %%eax; int $0xDE", "i"(HV_CALL_MAGIC))
BENCH_LOOP(loop_disable, "movl %1, %%eax; int $0xDE", "i"(HV_CALL_DISABLE_INTERRUPTS))
BENCH_LOOP(loop_cursor, "pushl $7; pushl $3; movl %1, %%eax; int $0xDE; addl $8, %%esp",
           "i"(HV_CALL_CONS_SET_CURSOR_POS))
BENCH_LOOP(loop_setidt, "pushl $1; pushl $0x1000; pushl $0x90; movl %1, %%eax; int $0xDE; addl $12, %%esp",
           "i"(HV_CALL_SETIDT))

void bench_calls(void)
{
    bench_measure("magic", loop_magic, loop_empty, ROUNDS, 1);
    bench_measure("disable", loop_disable, loop_empty, ROUNDS, 1);
    bench_measure("cursor", loop_cursor, loop_empty, ROUNDS, 1);
    bench_measure("setidt", loop_setidt, loop_empty, ROUNDS, 1);
}
