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
    uint64_t apic_hertz;        /* 0 without a local APIC */
};

/*
 * Three runs of 2 ms; the one that an SMI or a sleeping host disturbed least counts. At most 10 ms, and never a hang.
 */
struct calibration calibrate(const struct reference *reference, bool have_apic);

#endif
