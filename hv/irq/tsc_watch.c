/*
 * tsc_watch.c - has as much time passed by the TSC as by the reference?
 *
 * All of the hypervisor reads the TSC, and goes on to: it is by far the quickest clock. When it is wrong, each look
 * moves the line by which TSC ticks become nanoseconds (timer_clock), so that it leads through the reference's time
 * again. What is wrong in between is the little that a TSC goes wrong in 10 ms, or in one rest.
 *
 * Time never goes back: whoever was told a later one keeps it. So a TSC that has run ahead, or jumped, has moved time
 * on for good; one that stood still, ran slow or jumped back is made up for. The rate is measured again over times
 * without a rest, in which a TSC may have stopped for a part, and is believed within a factor of eight.
 */
#include "irq/tsc_watch.h"

#include "base/log.h"
#include "cpu/insn.h"
#include "cpu/x86.h"
#include "irq/reference.h"
#include "irq/timer.h"

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull
#define NS_PER_US 1000ull
#define US_PER_S 1000000ull
#define WATCH_NS (1000 * NS_PER_MS)
#define UNSTEADY_NS (10 * NS_PER_MS)
#define WRAP_MIN_S 4u                   /* looks are a second apart, but for a machine that is held up */
#define ALLOWED_NS (1 * NS_PER_MS)
#define ALLOWED_PART 32u                /* CPUID's word on the TSC is taken if it is right within two percent */
#define RATE_MIN_NS (4 * NS_PER_MS)     /* too short a time tells too little */
#define RATE_FACTOR 8u
#define SPAN_MAX_TSC (1ull << 40)       /* minutes: it jumped */
#define READS_MAX 4
#define GAP_MAX_NS 50000u               /* an SMI between two reads that are meant to be one moment */

uint64_t tsc_watch_next_ns = UINT64_MAX;
static struct reference truth;
static uint64_t ns_per_count_32, first_hertz;
static uint64_t seen_tsc, seen_ns;      /* of the last look, and the time it was then */
static uint32_t seen_count;
static bool is_unsteady, is_steady;

/* Both counters at one moment. False: something came between them each time. */
static bool read_both(uint64_t *tsc, uint32_t *count)
{
    for (unsigned i = 0; i < READS_MAX; i++) {
        uint64_t before = insn_rdtsc();
        *count = truth.read();
        *tsc = insn_rdtsc();
        if (*tsc - before <= timer_span_tsc(GAP_MAX_NS))
            return true;
    }
    return false;
}

static void note(uint64_t tsc, uint32_t count, uint64_t ns)
{
    seen_tsc = tsc;
    seen_count = count;
    seen_ns = ns;
    tsc_watch_next_ns = ns + (is_unsteady ? UNSTEADY_NS : WATCH_NS);
}

void tsc_watch_begin(const struct reference *reference)
{
    uint32_t out[4], power = 0, count;
    uint64_t tsc;

    tsc_watch_next_ns = UINT64_MAX;
    is_unsteady = is_steady = false;
    insn_cpuid(0x80000000u, 0, out);
    if (out[0] >= CPUID_POWER) {
        insn_cpuid(CPUID_POWER, 0, out);
        power = out[3];
    }
    insn_cpuid(1, 0, out);
    is_steady = power & CPUID_POWER_EDX_STEADY_TSC || out[2] & CPUID_1_ECX_HYPERVISOR;
    if (is_steady)
        return;
    if (reference->hertz == 0 || reference->mask / reference->hertz < WRAP_MIN_S) {
        log_info("clock: the TSC may stop or jump, and there is neither HPET nor PM timer to see it");
        return;
    }
    truth = *reference;
    ns_per_count_32 = (NS_PER_S << 32) / truth.hertz;
    first_hertz = timer_span_tsc(NS_PER_S);
    if (!read_both(&tsc, &count))
        return;
    timer_expect_other_rates();
    note(tsc, count, timer_ns_at(tsc));
}

/* Of the TSC over a time without a rest; as it was where that tells nothing. */
static uint64_t measure_hertz(uint64_t span_tsc, uint64_t true_ns)
{
    uint64_t hertz = span_tsc < SPAN_MAX_TSC ? span_tsc * US_PER_S / (true_ns / NS_PER_US) : 0;

    return hertz >= first_hertz / RATE_FACTOR && hertz <= first_hertz * RATE_FACTOR ? hertz : timer_span_tsc(NS_PER_S);
}

static bool differ(uint64_t told_ns, uint64_t true_ns)
{
    uint64_t allowed_ns = ALLOWED_NS + true_ns / ALLOWED_PART;

    return told_ns > true_ns + allowed_ns || told_ns + allowed_ns < true_ns;
}

void tsc_watch_look(bool has_rested)
{
    uint64_t tsc;
    uint32_t count;

    if (!read_both(&tsc, &count))
        return;
    uint64_t true_ns = timer_multiply_32((count - seen_count) & truth.mask, ns_per_count_32);
    bool went_back = tsc < seen_tsc;
    uint64_t told_ns = went_back ? 0 : timer_span_ns(tsc - seen_tsc);
    if (!is_unsteady && (went_back || differ(told_ns, true_ns))) {
        is_unsteady = true;
        log_warn("clock: the TSC counted %llu ms in %llu ms: from here on time is by %s",
                 (unsigned long long)(told_ns / NS_PER_MS), (unsigned long long)(true_ns / NS_PER_MS), truth.name);
    }
    uint64_t ns = seen_ns + told_ns;
    if (is_unsteady) {
        bool tells = !has_rested && !went_back && true_ns >= RATE_MIN_NS;
        ns = seen_ns + (told_ns > true_ns ? told_ns : true_ns);
        timer_set_clock(tsc, ns, tells ? measure_hertz(tsc - seen_tsc, true_ns) : timer_span_tsc(NS_PER_S));
    }
    note(tsc, count, ns);
}

bool tsc_is_unsteady(void)
{
    return is_unsteady;
}

bool tsc_is_steady(void)
{
    return is_steady;
}
