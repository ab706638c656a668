/*
 * share.c - many busy guests: each notes when it did not run, on a clock that all agree on.
 *
 * A guest's number is its RAM beyond 2 MiB, in frames; with SHORT added it goes through fewer phases, and shorter ones.
 * In every phase the guests below the phase's count are busy, with interrupts masked; they get fewer from phase to
 * phase, and who is through ends. A pause before each phase lets those print. Time is the TSC, which all guests share:
 * side by side, the notes of all guests say who ran when, and what lay between. Lines for scripts/bench, times in TSC
 * ticks from the start of the phase:
 *   @ loop INSTRUCTIONS                                of the loop that looks at the clock
 *   = GUESTS MS NUMBER GAPS FROM TO CR3_WRITES         a phase and its length; CR3 writes of the machine between times
 *   ~ GUESTS NUMBER (LEFT CAME_BACK)...                hexadecimal: last look before and first look after a gap
 */
#include "sdk.h"

#define FRAMES_FIRST 512u
#define SHORT 64u
#define START_NS 1500000000u        /* on the hypervisor's clock: all guests run by then */
#define MS 1000000u                 /* TSC ticks: 1 GHz under instruction counting */
#define PAUSE_MS 150u
#define EDGE_MS 50u                 /* every guest has a gap in the last so many of a phase */
#define LOOP_PAD 31
#define LOOP (LOOP_PAD + 6)         /* instructions */
#define GAP_LEAST (LOOP + 45)       /* shorter than a tick is; more than noting a gap takes */
#define GAPS_MAX 512u
#define GAPS_PER_LINE 3u
#define PHASES_MAX 6u

struct phase {
    uint32_t guests, ms;
};

static const struct phase long_phases[PHASES_MAX] = {
    { 32, 4000 }, { 16, 2400 }, { 8, 1200 }, { 4, 1200 }, { 2, 1200 }, { 1, 200 }
};
static const struct phase short_phases[PHASES_MAX] = { { 32, 1600 }, { 8, 600 }, { 2, 400 }, { 1, 100 } };

/* CR3 writes of the machine, by a time of the phase. */
struct counted {
    uint32_t at, cr3_writes;
};

static struct result {
    uint32_t gaps;
    struct {
        uint32_t left, back;
    } gap[GAPS_MAX];
    struct counted from, to;
} results[PHASES_MAX];

/* Be busy until the clock has jumped; the jump. last: the low word of the TSC, before and after. */
static inline uint32_t work(uint32_t *last)
{
    uint32_t jump;

    __asm__ volatile("1: .rept %c2; incl %%ecx; .endr; rdtsc; movl %%eax, %%ecx; subl %1, %%eax; movl %%ecx, %1; "
                     "cmpl %3, %%eax; jb 1b"
                     : "=&a"(jump), "+b"(*last) : "i"(LOOP_PAD), "i"(GAP_LEAST) : "ecx", "edx", "cc");
    return jump;
}

static struct counted count_at(uint32_t at)
{
    struct hv_counters counters;

    hv_counters(&counters, sizeof(counters));
    return (struct counted){ at, (uint32_t)counters.cr3_writes };
}

static void be_busy(struct result *result, uint64_t start, uint32_t ticks)
{
    uint32_t last = (uint32_t)start, at = 0;

    while (rdtsc() < start)
        ;
    for (uint32_t i = 0; i < GAPS_MAX && at < ticks; i++) {
        uint32_t jump = work(&last);
        at = last - (uint32_t)start;
        result->gap[i].left = at - jump;
        result->gap[i].back = at;
        result->gaps = i + 1;
        if (i == 0)
            result->from = count_at(at);
        else if (at >= ticks - EDGE_MS * MS && result->to.at == 0)
            result->to = count_at(at);
    }
}

static void print_result(const struct phase *phase, uint32_t number, const struct result *result)
{
    printf("= %u %u %u %u %u %u %u\n", phase->guests, phase->ms, number, result->gaps, result->from.at, result->to.at,
           result->to.cr3_writes - result->from.cr3_writes);
    for (uint32_t i = 0; i < result->gaps; i++) {
        if (i % GAPS_PER_LINE == 0)
            printf("%s~ %u %u", i ? "\n" : "", phase->guests, number);
        printf(" %x %x", result->gap[i].left, result->gap[i].back);
    }
    printf("\n");
}

int main(void)
{
    struct hv_counters counters;
    uint32_t number = sdk_launch.ebx + 1 - FRAMES_FIRST, count = 0;
    const struct phase *phases = number < SHORT ? long_phases : short_phases;

    number %= SHORT;
    hv_counters(&counters, sizeof(counters));
    if (counters.time_ns > START_NS)
        return 1;
    uint64_t time = rdtsc() + START_NS - counters.time_ns;
    for (; count < PHASES_MAX && number < phases[count].guests; count++) {
        be_busy(&results[count], time, phases[count].ms * MS);
        time += (uint64_t)(phases[count].ms + PAUSE_MS) * MS;
    }
    printf("@ loop %u\n", LOOP);
    for (uint32_t i = 0; i < count; i++)
        print_result(&phases[i], number, &results[i]);
    return 0;
}
