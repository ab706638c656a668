/*
 * i8254.h - the three counters of a PC's timer, and port 61, which opens the third and hears it (PURE).
 *
 * Time is nanoseconds of the virtual PC's own clock; nothing happens between accesses but what i8254_update finds.
 * Source: Intel 8254 data sheet "Mode Definitions", "Read Operations"; port 61: 82371AB "NMI Status and Control".
 */
#ifndef VPC_I8254_H
#define VPC_I8254_H

#include <stdbool.h>
#include <stdint.h>

#define I8254_HZ 1193182u

struct i8254_counter {
    uint64_t start_ns;          /* when it began to count from count */
    uint32_t count;             /* 1 to 65536 (10000 in BCD); 0: nothing was written since the mode was */
    uint32_t latched;           /* what reads give, when has_latch */
    uint16_t low;               /* the low byte of a count whose high byte is to come */
    uint8_t mode;               /* 0 to 5 */
    uint8_t access;             /* 1 low byte, 2 high byte, 3 low then high */
    uint8_t status;             /* what a read gives, when has_status */
    bool has_latch, has_status, is_bcd;
    bool gate;
    bool writes_high, reads_high;       /* the second of two bytes comes next */
    bool is_done;               /* counter 0: one shot has been told */
};

struct i8254 {
    struct i8254_counter counters[3];
    uint64_t seen_ns;           /* up to here i8254_update told what happened */
    uint64_t next_ns;           /* when counter 0 rises first after that */
    bool speaker;
};

void i8254_reset(struct i8254 *timer, uint64_t now_ns);

/* True: counter 0's output rose since the last time this was asked. */
bool i8254_update(struct i8254 *timer, uint64_t now_ns);

/* When it rises next; UINT64_MAX: never. */
uint64_t i8254_next_ns(const struct i8254 *timer);

/* Ports 40 to 43, and 61. */
uint8_t i8254_read(struct i8254 *timer, uint16_t port, uint64_t now_ns);
void i8254_write(struct i8254 *timer, uint16_t port, uint8_t value, uint64_t now_ns);

#endif
