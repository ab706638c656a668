/*
 * apic.h - the local APIC of this processor, as xAPIC or x2APIC, whichever the firmware left on.
 */
#ifndef IRQ_APIC_H
#define IRQ_APIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Enable it with spurious vector 0xFF, all local interrupts masked but a one-shot timer on vector. map_device maps its
 * registers when it is in xAPIC mode. False: the processor has none, or it cannot be mapped.
 */
bool apic_init(uint8_t timer_vector, void *(*map_device)(uint64_t physical, uint64_t bytes));

/* Interrupt after count ticks of the timer (divide by 1); 0 stops it. Reading gives what is left. */
void apic_timer_start(uint32_t count);
uint32_t apic_timer_left(void);

void apic_eoi(void);
/* This processor's ID, as the IOAPIC's destination field wants it. */
uint32_t apic_id(void);

#endif
