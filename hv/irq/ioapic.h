/*
 * ioapic.h - the I/O APICs: everything masked, then the few ISA interrupts we use.
 */
#ifndef IRQ_IOAPIC_H
#define IRQ_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#include "irq/acpi.h"

#define IOAPIC_ENTRY_MASKED (1u << 16)
#define IOAPIC_ENTRY_LEVEL (1u << 15)
#define IOAPIC_ENTRY_ACTIVE_LOW (1u << 13)

/* The low half of a redirection entry, open, fixed delivery. 82093AA data sheet "I/O Redirection Table Registers". */
static inline uint32_t ioapic_entry(const struct acpi_isa_route *route, uint8_t vector)
{
    return vector | (route->level ? IOAPIC_ENTRY_LEVEL : 0) | (route->active_low ? IOAPIC_ENTRY_ACTIVE_LOW : 0);
}

/* Map them all and mask every entry: firmware leaves some open. */
void ioapic_init(const struct acpi_facts *facts, void *(*map_device)(uint64_t physical, uint64_t bytes));

/* Open the entry behind a route for one processor. False: no I/O APIC has it, or its ID does not fit the entry. */
bool ioapic_route(const struct acpi_isa_route *route, uint8_t vector, uint32_t apic_id);

#endif
