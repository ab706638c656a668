/*
 * irq.h - host interrupts: one call at boot, one call per interrupt.
 */
#ifndef IRQ_IRQ_H
#define IRQ_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/vectors.h"

/* Read ACPI's tables, as often as wanted: what was read before is forgotten. rsdp may be 0. */
void irq_read_acpi(uint64_t rsdp, const void *(*map)(uint64_t physical, uint64_t bytes));

/*
 * Find and set up interrupt controllers and timers by what ACPI said: mask and move the 8259, set up the local APIC
 * (xAPIC or x2APIC as left), mask every IOAPIC entry, calibrate the timer. What is missing is logged. map makes a
 * device's registers readable and writable, uncached: pagetable's mapping, passed in by main.
 */
void irq_init(void *(*map)(uint64_t physical, uint64_t bytes));

/* Whether the processor has such addresses. A wrong table may name any; in a page table they are a fault of our own. */
bool irq_is_physical(uint64_t physical, uint64_t bytes);

struct acpi_facts;
/* What ACPI said, valid after irq_read_acpi. */
const struct acpi_facts *irq_acpi_facts(void);

/* "xAPIC", "x2APIC", or that there is none. */
const char *irq_apic_mode(void);

/* Route an ISA interrupt (1 keyboard, 4 COM1, 3 COM2) through the IOAPIC with its source override. False: cannot. */
bool irq_route_isa(unsigned isa_irq, uint8_t vector);

/* Acknowledge the interrupt that came in on a host vector (EOI). Returns false for a vector that is not ours. */
bool irq_acknowledge(uint8_t vector);

/* For irq_take_input. */
extern bool irq_input_came;

/* Whether the keyboard or the serial line has interrupted since the last call: input, or room for output. */
static inline bool irq_take_input(void)
{
    bool came = irq_input_came;
    irq_input_came = false;
    return came;
}

#endif
