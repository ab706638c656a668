/*
 * i8259.h - the two interrupt controllers of a PC, the second at line 2 of the first (PURE).
 *
 * Source: Intel 8259A data sheet "Functional Description"; ELCR: 82371AB data sheet "Edge/Level Control Registers".
 */
#ifndef VPC_I8259_H
#define VPC_I8259_H

#include <stdbool.h>
#include <stdint.h>

struct i8259 {
    uint8_t irr, isr, imr;      /* asked for, in service, masked */
    uint8_t lines;              /* as they were seen last */
    uint8_t level;              /* ELCR: lines that ask as long as they are high, not when they go high */
    uint8_t base;               /* vector of line 0 */
    uint8_t lowest;             /* priority: the line behind this one is first */
    uint8_t step;               /* initialisation word that comes next: 2 to 4; 0: none */
    bool has_word4, is_single;
    bool reads_isr, polls, is_special_mask, is_auto_eoi, rotates_on_auto_eoi, is_fully_nested;
};

struct i8259_pair {
    struct i8259 first, second;
};

#define I8259_SECOND_PORTS 0x80u

/* What i8259_read reads of an odd port, of a pair that is not polled. */
static inline uint8_t i8259_mask(const struct i8259_pair *pair, uint16_t port)
{
    return port & I8259_SECOND_PORTS ? pair->second.imr : pair->first.imr;
}

void i8259_reset(struct i8259_pair *pair);

/* Levels of the sixteen lines; bit 2 means nothing. */
void i8259_set_lines(struct i8259_pair *pair, uint16_t lines);

/* Does it ask for the processor? Most often nothing asks it, and its priorities need no look. */
bool i8259_has_first(const struct i8259_pair *pair);
static inline bool i8259_has_interrupt(const struct i8259_pair *pair)
{
    return (pair->first.irr & ~pair->first.imr) != 0 && i8259_has_first(pair);
}

/* The processor takes it: its vector. One that nobody asks for any more is line 7's. */
uint8_t i8259_acknowledge(struct i8259_pair *pair);

/*
 * A write to port 20, 21, A0 or A1 that is a mask, the end of an interrupt, or a command. False, and nothing is done:
 * it is a word of an initialisation, which forgets what the lines ask for, so that they must be set once more.
 */
bool i8259_write_ocw(struct i8259_pair *pair, uint16_t port, uint8_t value);

/* Ports 20, 21, A0, A1, 4D0, 4D1. */
uint8_t i8259_read(struct i8259_pair *pair, uint16_t port);
void i8259_write(struct i8259_pair *pair, uint16_t port, uint8_t value);

#endif
