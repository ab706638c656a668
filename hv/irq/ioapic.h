/*
 * ioapic.h - the I/O APICs: everything masked, then the few ISA interrupts we use.
 */
#ifndef IRQ_IOAPIC_H
#define IRQ_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#include "irq/acpi.h"

/* Map them all and mask every entry: firmware leaves some open. */
void ioapic_init(const struct acpi_facts *facts, void *(*map_device)(uint64_t physical, uint64_t bytes));

/* Open the entry behind a route for one processor. False: no I/O APIC has it, or its ID does not fit the entry. */
bool ioapic_route(const struct acpi_isa_route *route, uint8_t vector, uint32_t apic_id);

#endif
