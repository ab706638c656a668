/*
 * calibrate.c - measure counters over the same short stretch of a reference.
 *
 * What spoils a measurement is what happens between two reads that should be one moment: an SMI, a host that sleeps.
 * That only makes gaps longer, so each run knows its own worst gap (doubt), and the run with the least is taken. Runs
 * begin at an edge of the reference, which is coarse: else up to one of its periods would be counted that did not pass.
 */
#include "irq/calibrate.h"

#include "cpu/insn.h"
#include "irq/apic.h"

#define RUNS 3
#define RUN_HERTZ 625u                  /* runs of 1.6 ms */
#define RUN_TSC_MAX 10000000u           /* 1.6 ms at 6.25 GHz: a reference that stands still must not hang the boot */
#define NO_REFERENCE_TSC 4000000u       /* enough to compare two counters with each other */
#define TSC_ASSUMED_HERTZ 1000000000ull
#define MHZ 1000000ull
#define ROUND_HERTZ 20000u
#define CPUID_ERROR_MAX 50              /* one part in so many */
#define COUNT_MAX 0xFFFFFFFFu

/* All counters at one moment. */
struct sample {
    uint32_t reference, apic;
    uint64_t tsc;
    uint64_t doubt;                     /* the most TSC ticks that lay between two looks while it was waited for */
};

struct run {
    uint64_t reference, tsc, apic;      /* what each counted; reference is 0 if it is of no use */
    uint64_t doubt;
    bool stands;
};

/*
 * Until the reference has counted from start to start + wanted. False: it had not when it was looked at once more after
 * the TSC reached the limit: a sleeping host or an SMI makes a run long, not wrong.
 *
 * Every gap counts as doubt, not only the one before the end: a reference of 16 bits comes around within 55 ms.
 */
static bool wait_for_count(struct sample *sample, const struct reference *reference, uint32_t start, uint32_t wanted,
                           bool have_apic, uint64_t tsc_limit)
{
    bool reached, late;

    sample->doubt = 0;
    sample->tsc = insn_rdtsc();
    do {
        uint64_t before = sample->tsc;
        late = before >= tsc_limit;
        sample->reference = reference->hertz ? reference->read() : 0;
        sample->apic = have_apic ? apic_timer_left() : 0;
        sample->tsc = insn_rdtsc();
        if (sample->tsc - before > sample->doubt)
            sample->doubt = sample->tsc - before;
        reached = reference->hertz && ((sample->reference - start) & reference->mask) >= wanted;
    } while (!reached && !late);
    return reached;
}

/* A run without a sound reference still tells how TSC and local APIC timer compare. */
static struct run measure(const struct reference *reference, bool have_apic, uint64_t ticks_max)
{
    struct sample first, edge, last;

    if (have_apic)
        apic_timer_start(COUNT_MAX);
    wait_for_count(&first, reference, 0, 0, have_apic, 0);
    bool sound = reference->hertz &&
                 wait_for_count(&edge, reference, first.reference, 1, have_apic, first.tsc + ticks_max);
    bool stands = !sound;
    if (sound)
        first = edge;
    sound &= wait_for_count(&last, reference, first.reference, (uint32_t)(reference->hertz / RUN_HERTZ), have_apic,
                            first.tsc + ticks_max);
    if (have_apic)
        apic_timer_start(0);
    return (struct run){
        .reference = sound ? (last.reference - first.reference) & reference->mask : 0,
        .tsc = last.tsc - first.tsc,
        .apic = first.apic - last.apic,
        .doubt = first.doubt + last.doubt,
        .stands = stands,
    };
}

/* A reference that stands still is asked only once: that takes longest. */
static struct run measure_best(const struct reference *reference, bool have_apic)
{
    struct run best = measure(reference, have_apic, reference->hertz ? RUN_TSC_MAX : NO_REFERENCE_TSC);

    for (unsigned i = 1; i < RUNS && !best.stands; i++) {
        struct run run = measure(reference, have_apic, RUN_TSC_MAX);
        if (run.stands)
            break;
        if (run.reference != 0 && (best.reference == 0 || run.doubt < best.doubt))
            best = run;
    }
    return best;
}

static uint64_t cpuid_or_0(uint32_t leaf, uint32_t out[4])
{
    insn_cpuid(0, 0, out);
    if (out[0] < leaf)
        return 0;
    insn_cpuid(leaf, 0, out);
    return out[0];
}

/* CPUID says it exactly on newer processors: SDM vol. 2 "CPUID", leaf 15h. 0 elsewhere. */
static uint64_t cpuid_exact_hertz(void)
{
    uint32_t out[4];
    return cpuid_or_0(0x15, out) && out[1] ? (uint64_t)out[2] * out[1] / out[0] : 0;
}

/* Leaf 16h: the processor's base frequency in MHz, which is the TSC's to a percent. 0: not told. */
static uint64_t cpuid_base_hertz(void)
{
    uint32_t out[4];
    return (cpuid_or_0(0x16, out) & 0xFFFF) * MHZ;
}

/* Overclocked boards exist, and firmware that tells the wrong crystal. */
static bool agree(uint64_t exact_hertz, uint64_t measured_hertz)
{
    uint64_t error = exact_hertz > measured_hertz ? exact_hertz - measured_hertz : measured_hertz - exact_hertz;
    return error <= exact_hertz / CPUID_ERROR_MAX;
}

/* What was measured, unless CPUID confirms it and knows it better; CPUID alone where nothing could be measured. */
static void choose_tsc_hertz(struct calibration *result, const char *measured_by, uint64_t measured_hertz)
{
    uint64_t exact_hertz = cpuid_exact_hertz(), base_hertz = cpuid_base_hertz();

    *result = (struct calibration){ .tsc_hertz = TSC_ASSUMED_HERTZ, .source = "assumption" };
    if (exact_hertz && (measured_hertz ? agree(exact_hertz, measured_hertz)
                                       : !base_hertz || agree(exact_hertz, base_hertz)))
        *result = (struct calibration){ .tsc_hertz = exact_hertz, .source = "CPUID 15h" };
    else if (measured_hertz)
        *result = (struct calibration){ .tsc_hertz = measured_hertz, .source = measured_by };
    else if (base_hertz)
        *result = (struct calibration){ .tsc_hertz = base_hertz, .source = "CPUID 16h" };
}

/*
 * The nearest of the values that can be told apart: a reference that counts each 10 ns is read to 6 in a million of a
 * run. Where instructions are counted (QEMU's icount) each boot then finds the same, whenever its firmware was done.
 */
static uint64_t round_hertz(uint64_t hertz)
{
    return hertz < MHZ ? hertz : (hertz + ROUND_HERTZ / 2) / ROUND_HERTZ * ROUND_HERTZ;
}

struct calibration calibrate(const struct reference *reference, bool have_apic)
{
    struct calibration result;
    struct run run = measure_best(reference, have_apic);

    choose_tsc_hertz(&result, reference->name,
                     run.reference ? round_hertz(run.tsc * reference->hertz / run.reference) : 0);
    result.apic_hertz = run.tsc ? run.apic * result.tsc_hertz / run.tsc : 0;
    return result;
}
