/*
 * i82093.h - the I/O APIC of a virtual PC (PURE): ISA line n is pin n, but the timer's, which is pin 2.
 *
 * Source: Intel 82093AA data sheet "Register Description". Polarity is kept and means nothing: all lines are high when
 * they ask.
 */
#ifndef VPC_I82093_H
#define VPC_I82093_H

#include <stdint.h>

#include "vpc/lapic.h"

#define I82093_BASE 0xFEC00000u
#define I82093_PINS 24u
#define I82093_ID 1u

struct i82093 {
    uint32_t select, id;
    uint32_t lines;                     /* as they were seen last */
    uint64_t entries[I82093_PINS];
};

void i82093_reset(struct i82093 *apic);

/* Levels of the sixteen lines of an ISA bus. */
void i82093_set_lines(struct i82093 *apic, uint16_t isa_lines, struct lapic *local);
/* The same where one line is another than it was, and all else was settled. */
void i82093_turn_line(struct i82093 *apic, unsigned isa_line, struct lapic *local);

/* The processor is done with a level-triggered interrupt: it comes again if its line is still high. */
void i82093_end(struct i82093 *apic, uint8_t vector, struct lapic *local);

uint32_t i82093_read(const struct i82093 *apic, uint32_t offset);
void i82093_write(struct i82093 *apic, uint32_t offset, uint32_t value, struct lapic *local);

#endif
