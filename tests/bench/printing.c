/*
 * printing.c - hv_print of one full row: what the caller waits for, and all of it until the serial line has it.
 */
#include "floor/floor.h"
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

static void floor_print(void)
{
    __asm__ volatile("pushl %1; pushl %0; movl %2, %%eax; int %3; addl $8, %%esp"
                     : : "i"(ROW_BYTES), "r"(row), "i"(HV_CALL_PRINT), "i"(BENCH_FLOOR_PRINT) : "eax", "memory");
}

static void floor_drain(void)
{
    __asm__ volatile("int %0" : : "i"(BENCH_FLOOR_DRAIN) : "memory");
}

/* What two calls have left, before it goes out. */
static void check_floor(void)
{
    static char buffer[BENCH_FLOOR_BUFFER_BYTES];

    floor_print();
    floor_print();
    bench_floor_do(BENCH_FLOOR_BUFFER, (uint32_t)(uintptr_t)buffer);
    bench_floor_expect(memcmp(buffer, row, ROW_BYTES) == 0 && memcmp(buffer + ROW_BYTES, row, ROW_BYTES) == 0, "print");
    floor_drain();
}

/* The least code that takes the bytes, and with what gives them to the line; scripts/bench looks for them there. */
static void measure_floor(void)
{
    struct cost prints[SAMPLES], drains[SAMPLES];
    struct start start;

    if (!bench_floor_do(BENCH_FLOOR_PROBE, (uint32_t)(uintptr_t)row))
        return;
    bench_spin(SETTLE_INSTRUCTIONS);
    check_floor();
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint64_t first = rdtsc(), second = rdtsc();
        uint32_t overhead = (uint32_t)(second - first);
        bench_start(&start);
        floor_print();
        prints[i] = bench_stop(&start);
        prints[i].cycles -= overhead;
        floor_drain();
        bench_start(&start);
        floor_print();
        floor_drain();
        drains[i] = bench_stop(&start);
        drains[i].cycles -= overhead;
    }
    bench_report("floor_print", 1, prints, SAMPLES);
    bench_report("floor_print_drained", 1, drains, SAMPLES);
}

void bench_print(void)
{
    memset(row, 'x', sizeof(row));
    row[ROW_BYTES - 1] = '\n';
    measure_wait();
    measure_drained();
    memcpy(row, BENCH_FLOOR_ROW, sizeof(BENCH_FLOOR_ROW) - 1);
    measure_floor();
}
