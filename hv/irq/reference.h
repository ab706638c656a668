/*
 * reference.h - a counter of known frequency to measure the others by: HPET, ACPI PM timer or PIT, whichever exists.
 */
#ifndef IRQ_REFERENCE_H
#define IRQ_REFERENCE_H

#include <stdint.h>

#include "irq/acpi.h"

struct reference {
    const char *name;
    uint32_t (*read)(void);     /* counts up */
    uint32_t mask;              /* the bits that count */
    uint64_t hertz;             /* 0: there is none */
};

/* The best one there is that counts: what a table promises may be switched off. */
struct reference reference_find(const struct acpi_facts *facts, void *(*map_device)(uint64_t physical, uint64_t bytes));

/* What became of each that there may be, best first, as "HPET: not there". NULL: no more. */
const char *reference_verdict(unsigned index);

#endif
