/*
 * calibrate.c - measure counters over the same short stretch of a reference.
 */
#include "irq/calibrate.h"

#include "cpu/insn.h"
#include "irq/apic.h"

#define RUNS 3
#define RUN_HERTZ 500u                  /* runs of 2 ms */
#define READS_MAX 10000000u             /* a reference that stands still must not hang the boot */
#define TSC_ASSUMED_HERTZ 1000000000ull
#define COUNT_MAX 0xFFFFFFFFu

struct run {
    uint64_t reference, tsc, apic;      /* what each counted */
};

static struct run measure(const struct reference *reference, bool have_apic)
{
    uint32_t wanted = (uint32_t)(reference->hertz / RUN_HERTZ), reads = 0, passed;

    if (have_apic)
        apic_timer_start(COUNT_MAX);
    uint32_t start = reference->read();
    uint64_t tsc = insn_rdtsc();
    uint32_t apic = have_apic ? apic_timer_left() : 0;
    do {
        passed = (reference->read() - start) & reference->mask;
    } while (passed < wanted && ++reads < READS_MAX);
    struct run run = { passed, insn_rdtsc() - tsc, have_apic ? apic - apic_timer_left() : 0 };
    if (have_apic)
        apic_timer_start(0);
    if (passed < wanted)
        run.reference = 0;
    return run;
}

/* CPUID says it exactly on newer processors: SDM vol. 2 "CPUID", leaf 15h. */
static uint64_t cpuid_tsc_hertz(void)
{
    uint32_t out[4];
    insn_cpuid(0, 0, out);
    if (out[0] < 0x15)
        return 0;
    insn_cpuid(0x15, 0, out);
    return out[0] && out[1] ? (uint64_t)out[2] * out[1] / out[0] : 0;
}

struct calibration calibrate(const struct reference *reference, bool have_apic)
{
    struct calibration best = { 0 };

    for (unsigned i = 0; i < RUNS; i++) {
        struct run run = measure(reference, have_apic);
        if (run.reference == 0)
            break;
        uint64_t tsc_hertz = run.tsc * reference->hertz / run.reference;
        if (best.tsc_hertz != 0 && tsc_hertz >= best.tsc_hertz)
            continue;
        best.tsc_hertz = tsc_hertz;
        best.apic_hertz = run.apic * reference->hertz / run.reference;
    }
    uint64_t exact = cpuid_tsc_hertz();
    if (exact != 0)
        best.tsc_hertz = exact;
    if (best.tsc_hertz == 0)
        best.tsc_hertz = TSC_ASSUMED_HERTZ;
    return best;
}
