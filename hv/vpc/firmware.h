/*
 * firmware.h - what a PC's firmware leaves in memory: where RAM is, what the BIOS data area says (PURE).
 */
#ifndef VPC_FIRMWARE_H
#define VPC_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/ram.h"

#define FIRMWARE_LOW_KIB 639u       /* below it is everybody's, the KiB behind it the firmware's (EBDA) */
#define FIRMWARE_RANGES 5u
enum { FIRMWARE_USABLE = 1, FIRMWARE_RESERVED = 2 };

struct firmware_range {
    uint64_t base, bytes;
    uint32_t type;
};

/* Where RAM is, as INT 15h AX=E820h tells. Returns how many ranges. */
unsigned firmware_memory_map(uint32_t memory_bytes, struct firmware_range map[FIRMWARE_RANGES]);

/* False: memory is out. */
bool firmware_put(struct ram *ram);

#endif
