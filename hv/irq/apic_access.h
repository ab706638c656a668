/*
 * apic_access.h - the two doors to the local APIC's registers: memory (xAPIC) or MSRs (x2APIC).
 */
#ifndef IRQ_APIC_ACCESS_H
#define IRQ_APIC_ACCESS_H

#include "irq/apic.h"

/*
 * The door that the firmware left open, see IA32_APIC_BASE; registers in memory are mapped by map_device. NULL: the
 * processor has no local APIC, or it cannot be mapped. SDM vol. 3 "Local APIC Status and Location", "x2APIC".
 */
const struct apic_ops *apic_access_find(void *(*map_device)(uint64_t physical, uint64_t bytes));

#endif
