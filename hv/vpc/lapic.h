/*
 * lapic.h - the local APIC of a virtual PC's one processor (PURE). Its bus runs at 1 GHz.
 *
 * Source: SDM vol. 3 "Advanced Programmable Interrupt Controller (APIC)".
 */
#ifndef VPC_LAPIC_H
#define VPC_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define LAPIC_BASE 0xFEE00000u
#define LAPIC_LVTS 6u

struct lapic {
    uint32_t id, tpr, ldr, dfr, svr, esr, icr_low, icr_high, divide, initial;
    uint32_t lvt[LAPIC_LVTS];           /* timer, thermal, counters, LINT0, LINT1, error */
    uint32_t irr[8], isr[8], tmr[8];    /* asked for, in service, level-triggered */
    uint64_t start_ns, seen_ns;         /* of the timer: when it began, up to when it was told what happened */
    bool is_done;                       /* one shot has been told */
};

/* The state in which firmware leaves it: off, but the 8259's line goes through. */
void lapic_reset(struct lapic *apic);

uint32_t lapic_read(const struct lapic *apic, uint32_t offset, uint64_t now_ns);
/* Returns the vector of a level-triggered interrupt that ended, for the I/O APIC; -1: none. */
int lapic_write(struct lapic *apic, uint32_t offset, uint32_t value, uint64_t now_ns);

/* What its timer did by now; and when it does something next (UINT64_MAX: never). */
void lapic_update(struct lapic *apic, uint64_t now_ns);
uint64_t lapic_next_ns(const struct lapic *apic);

/* An interrupt arrives. One that it is not enabled for is lost. */
void lapic_raise(struct lapic *apic, uint8_t vector, bool is_level);

/* Does it ask for the processor? Then the processor takes it: its vector. */
bool lapic_has_interrupt(const struct lapic *apic);
uint8_t lapic_acknowledge(struct lapic *apic);

/* Does the 8259 reach the processor through LINT0? */
bool lapic_passes_pic(const struct lapic *apic);

#endif
