/*
 * share.c - many busy guests: each counts what it gets done in a stretch of time that all agree on.
 *
 * A guest's number is its RAM beyond 2 MiB, in frames. In every phase the guests below the phase's count are busy; they
 * get fewer from phase to phase, and who is through ends, so that nobody else disturbs a phase. Time is the TSC, which
 * all guests share. Lines for scripts/bench:
 *   @ chunk INSTRUCTIONS
 *   = GUESTS MS NUMBER CHUNKS CR3_WRITES         a phase and its length; chunks done, and CR3 writes of the machine
 */
#include "sdk.h"

#define FRAMES_FIRST 512u
#define START_NS 1500000000u        /* on the hypervisor's clock: all guests run by then */
#define MS 1000000u                 /* TSC ticks: 1 GHz under instruction counting */
#define CHUNK_TURNS 500u

static const struct phase {
    uint32_t guests, ms;
} phases[] = { { 32, 4800 }, { 16, 2400 }, { 8, 1200 }, { 4, 600 }, { 2, 600 }, { 1, 200 } };

#define PHASES (sizeof(phases) / sizeof(phases[0]))

static struct result {
    uint32_t chunks, cr3_writes;
} results[PHASES];

static void work(void)
{
    uint32_t turns = CHUNK_TURNS;

    __asm__ volatile("1: .rept 38; incl %%eax; .endr; decl %0; jnz 1b" : "+r"(turns) : : "eax", "cc");
}

static uint32_t chunk_instructions(void)
{
    uint32_t least = ~0u;

    for (uint32_t i = 0; i < 9; i++) {
        uint64_t start = rdtsc();
        work();
        uint32_t cycles = (uint32_t)(rdtsc() - start);
        least = cycles < least ? cycles : least;
    }
    return least;
}

static uint64_t cr3_writes(void)
{
    struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    return counters.cr3_writes;
}

static struct result be_busy(uint64_t start, uint64_t end)
{
    struct result result = { 0, 0 };

    while (rdtsc() < start)
        work();
    uint64_t before = cr3_writes();

    for (; rdtsc() < end; result.chunks++)
        work();
    result.cr3_writes = (uint32_t)(cr3_writes() - before);
    return result;
}

int main(void)
{
    struct hv_counters counters;
    uint32_t number = sdk_launch.ebx + 1 - FRAMES_FIRST, chunk = chunk_instructions(), phase = 0;

    hv_counters(&counters, sizeof(counters));
    if (counters.time_ns > START_NS)
        return 1;
    uint64_t time = rdtsc() + START_NS - counters.time_ns;
    for (; phase < PHASES && number < phases[phase].guests; phase++) {
        uint64_t end = time + (uint64_t)phases[phase].ms * MS;
        results[phase] = be_busy(time, end);
        time = end;
    }
    printf("@ chunk %u\n", chunk);
    for (uint32_t i = 0; i < phase; i++)
        printf("= %u %u %u %u %u\n", phases[i].guests, phases[i].ms, number, results[i].chunks,
               results[i].cr3_writes);
    return 0;
}
