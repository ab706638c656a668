/*
 * checksum.h - the byte that makes the sum of a firmware table's bytes zero (PURE).
 */
#ifndef VPC_CHECKSUM_H
#define VPC_CHECKSUM_H

#include <stdint.h>

/* Of count bytes, the place of the checksum itself among them and 0 so far. */
static inline uint8_t checksum(const void *table, uint32_t count)
{
    const uint8_t *bytes = table;
    uint8_t sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return (uint8_t)-sum;
}

#endif
