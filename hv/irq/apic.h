/*
 * apic.h - the local APIC of this processor (PURE: its registers are reached through an operations table).
 */
#ifndef IRQ_APIC_H
#define IRQ_APIC_H

/* What lean_tick.S and tick.c write without a call. SDM vol. 3 "Local APIC Register Address Map". */
#define APIC_REG_EOI 0xB0
#define APIC_REG_TIMER_INITIAL 0x380

#ifndef __ASSEMBLER__
#include <stdint.h>

/* One mode's way to the registers. reg is the offset of SDM vol. 3 "Local APIC Register Address Map". */
struct apic_ops {
    uint32_t (*read)(unsigned reg);
    void (*write)(unsigned reg, uint32_t value);
    unsigned id_shift;          /* where the ID register holds the ID */
    volatile uint32_t *memory;  /* the registers themselves, where they are in memory; else NULL */
};

/*
 * Enable it with VECTOR_SPURIOUS; a one-shot timer on timer_vector and NMIs from LINT1 are let through, all else
 * local is masked. What the firmware left in service is acknowledged. ops must stay valid; called before all others.
 */
void apic_init(const struct apic_ops *ops, uint8_t timer_vector);

/* LINT0, where the 8259 is wired to, opened: it gives the vector and takes the EOI. SDM vol. 3 "Local Vector Table". */
void apic_let_pic_through(void);

/* Interrupt after count ticks of the timer (divide by 1); 0 stops it. Reading gives what is left. */
void apic_timer_start(uint32_t count);
uint32_t apic_timer_left(void);

void apic_eoi(void);

/* Its registers in memory, for whoever has no time to call; NULL where they are MSRs. */
volatile uint32_t *apic_memory(void);
/* The same, for assembly. */
extern volatile uint32_t *xapic_registers;

/* This processor's ID: 8 bits in xAPIC mode, 32 in x2APIC mode. */
uint32_t apic_id(void);
#endif

#endif
