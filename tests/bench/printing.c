/*
 * printing.c - hv_print of one full row: what the caller waits for, and all of it until the serial line has it.
 */
#include "bench.h"

#define ROW_BYTES 80
#define ROWS 16
#define SETTLE_INSTRUCTIONS 20000000u   /* long enough for ROWS rows to reach the line */

static char row[ROW_BYTES];

static void print_rows(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        hv_print(ROW_BYTES, row);
}

/* One call a sample, so that nothing waits for the line; less what the C caller and the loop do themselves. */
static void measure_wait(void)
{
    struct cost samples[SAMPLES];

    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct start start;
        bench_spin(SETTLE_INSTRUCTIONS);
        bench_start(&start);
        __asm__ volatile("pushl %1; pushl %0; movl %2, %%eax; int $0xDE; addl $8, %%esp"
                         : : "i"(ROW_BYTES), "r"(row), "i"(HV_CALL_PRINT) : "eax", "memory");
        samples[i] = bench_stop(&start);
        uint64_t first = rdtsc(), second = rdtsc();
        samples[i].cycles -= (uint32_t)(second - first);
    }
    bench_report("print", 1, samples, SAMPLES);
}

/* All that a stretch of time loses to ROWS rows, less what it loses without them. */
static void measure_drained(void)
{
    struct cost samples[SAMPLES];

    bench_spin(SETTLE_INSTRUCTIONS);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct cost idle = bench_spin_stolen(SETTLE_INSTRUCTIONS);
        struct start start;
        bench_start(&start);
        print_rows(ROWS);
        bench_spin(SETTLE_INSTRUCTIONS);
        samples[i] = bench_stop(&start);
        samples[i].cycles -= SETTLE_INSTRUCTIONS + idle.cycles;
        samples[i].port_in -= idle.port_in;
        samples[i].port_out -= idle.port_out;
        samples[i].cr3_writes -= idle.cr3_writes;
    }
    bench_report("print_drained", ROWS, samples, SAMPLES);
}

void bench_print(void)
{
    memset(row, 'x', sizeof(row));
    row[ROW_BYTES - 1] = '\n';
    measure_wait();
    measure_drained();
}
