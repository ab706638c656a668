/*
 * mc146818.h - the clock of a PC, and its memory that a battery keeps (PURE). Every machine starts in the same second.
 *
 * Source: Motorola MC146818 data sheet "Registers"; the bytes behind it: IBM PC AT Technical Reference "CMOS RAM".
 */
#ifndef VPC_MC146818_H
#define VPC_MC146818_H

#include <stdbool.h>
#include <stdint.h>

#define MC146818_BYTES 128u

struct mc146818 {
    uint8_t index;
    uint8_t memory[MC146818_BYTES];     /* of the time only alarms are here */
    int64_t offset_s;                   /* from its own time to what the guest has set */
    uint64_t seen_ns;                   /* up to here it was told what happened */
};

void mc146818_reset(struct mc146818 *clock, uint32_t memory_bytes);

/* What happened by now; and when something will that interrupts (UINT64_MAX: never). Interrupt line 8. */
void mc146818_update(struct mc146818 *clock, uint64_t now_ns);
uint64_t mc146818_next_ns(const struct mc146818 *clock);
bool mc146818_line(const struct mc146818 *clock);

/* Ports 70 and 71. */
uint8_t mc146818_read(struct mc146818 *clock, uint16_t port, uint64_t now_ns);
void mc146818_write(struct mc146818 *clock, uint16_t port, uint8_t value, uint64_t now_ns);

#endif
