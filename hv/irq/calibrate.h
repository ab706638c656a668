/*
 * calibrate.h - how fast TSC and local APIC timer run, measured against a reference.
 */
#ifndef IRQ_CALIBRATE_H
#define IRQ_CALIBRATE_H

#include <stdbool.h>
#include <stdint.h>

#include "irq/reference.h"

struct calibration {
    uint64_t tsc_hertz;         /* never 0 */
    uint64_t apic_hertz;        /* 0: no local APIC, or its timer does not count */
    const char *source;         /* what tsc_hertz was taken from */
};

/*
 * Three runs of 1.6 ms; the one that no SMI and no sleeping host disturbed, and whose ends are known best, counts. At
 * most 10 ms in all where the TSC makes 1 GHz or more. Where the reference (its hertz is 0: there is none) gives
 * nothing, CPUID is believed, or 1 GHz assumed.
 */
struct calibration calibrate(const struct reference *reference, bool have_apic);

#endif
