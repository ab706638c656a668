/*
 * measure.c - samples, and the rows that scripts/bench reads:
 *   = NAME operations least median cr3_writes invlpg port_in port_out traps hidden_faults
 * All figures are those of a whole sample; the events are those of its least one. Rows are kept until the end: what is
 * printed has to be drained, and that would fall into later samples.
 */
#include "bench.h"

#define SPIN_INSTRUCTIONS 2     /* one turn of bench_spin's loop */
#define ROWS_MOST 64

static struct row {
    const char *name;
    uint32_t operations, median;
    struct cost cost;
} rows[ROWS_MOST];
static uint32_t row_count;

void bench_start(struct start *start)
{
    hv_counters(&start->counters, sizeof(start->counters));
    start->tsc = rdtsc();
}

struct cost bench_stop(const struct start *start)
{
    uint64_t tsc = rdtsc();
    const struct hv_counters *before = &start->counters;
    struct hv_counters after;

    hv_counters(&after, sizeof(after));
    uint64_t traps = after.hypercalls - before->hypercalls - 1 + after.events - before->events +
                     after.hidden_faults - before->hidden_faults;
    return (struct cost){
        .cycles = (uint32_t)(tsc - start->tsc),
        .cr3_writes = (uint32_t)(after.cr3_writes - before->cr3_writes),
        .invlpg = (uint32_t)(after.invlpg - before->invlpg),
        .port_in = (uint32_t)(after.port_in - before->port_in),
        .port_out = (uint32_t)(after.port_out - before->port_out),
        .traps = (uint32_t)traps,
        .hidden_faults = (uint32_t)(after.hidden_faults - before->hidden_faults),
    };
}

static struct cost run_once(bench_code *code, uint32_t rounds)
{
    struct start start;

    bench_start(&start);
    code(rounds);
    return bench_stop(&start);
}

/* Ascending; an empty loop disturbed by a tick can make a sample negative: those count as large. */
static void sort_samples(struct cost *samples, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        for (uint32_t k = i; k > 0 && samples[k - 1].cycles > samples[k].cycles; k--) {
            struct cost swap = samples[k];
            samples[k] = samples[k - 1];
            samples[k - 1] = swap;
        }
    }
}

void bench_report(const char *name, uint32_t operations, struct cost *samples, uint32_t count)
{
    sort_samples(samples, count);
    if (row_count == ROWS_MOST)
        hv_exit(3);
    rows[row_count++] = (struct row){ name, operations, samples[count / 2].cycles, samples[0] };
}

void bench_print_rows(void)
{
    for (const struct row *row = rows; row < rows + row_count; row++)
        printf("= %s %u %u %u %u %u %u %u %u %u\n", row->name, row->operations, row->cost.cycles, row->median,
               row->cost.cr3_writes, row->cost.invlpg, row->cost.port_in, row->cost.port_out, row->cost.traps,
               row->cost.hidden_faults);
}

static uint32_t least_cycles(bench_code *code, uint32_t rounds)
{
    uint32_t least = ~0u;

    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct cost cost = run_once(code, rounds);
        least = cost.cycles < least ? cost.cycles : least;
    }
    return least;
}

void bench_measure(const char *name, bench_code *code, bench_code *empty, uint32_t rounds,
                   uint32_t operations_per_round)
{
    struct cost samples[SAMPLES];

    code(1);                    /* whatever is done only once */
    uint32_t overhead = least_cycles(empty, rounds);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        samples[i] = run_once(code, rounds);
        samples[i].cycles -= overhead;
    }
    bench_report(name, rounds * operations_per_round, samples, SAMPLES);
}

void bench_spin(uint32_t instructions)
{
    uint32_t turns = instructions / SPIN_INSTRUCTIONS;

    __asm__ volatile("1: decl %0; jnz 1b" : "+r"(turns) : : "cc");
}

struct cost bench_spin_stolen(uint32_t instructions)
{
    struct start start;

    bench_start(&start);
    bench_spin(instructions);
    struct cost cost = bench_stop(&start);
    cost.cycles -= instructions;
    return cost;
}
