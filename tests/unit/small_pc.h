/*
 * small_pc.h - a virtual PC without anybody who runs it: 2 MiB, one disk, a clock that the test moves.
 */
#ifndef SMALL_PC_H
#define SMALL_PC_H

#include <stdint.h>

#include "vpc/ports.h"
#include "vpc/vpc.h"

#define MS 1000000ull
#define DISK_BYTES 40000u       /* each of its sectors is filled with its number and 1 */

extern struct vpc vpc;
extern uint64_t now_ns;
extern uint8_t disk_file[DISK_BYTES];

/* cmocka's set-up and tear-down of each test. */
int small_pc_start(void **state);
int small_pc_stop(void **state);

static inline void out(uint16_t port, uint8_t value)
{
    ports_write(&vpc, port, 1, value);
}

static inline uint8_t in(uint16_t port)
{
    return (uint8_t)ports_read(&vpc, port, 1);
}

#endif
