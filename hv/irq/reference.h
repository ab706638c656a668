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
    uint64_t hertz;
};

/* The best one there is; the PIT's is assumed when nothing else is known. */
struct reference reference_find(const struct acpi_facts *facts, void *(*map_device)(uint64_t physical, uint64_t bytes));

#endif
