/*
 * mp_table.h - the table by which a kernel finds processors and APICs (PURE).
 *
 * Source: Intel MultiProcessor Specification 1.4, "MP Configuration Table".
 */
#ifndef VPC_MP_TABLE_H
#define VPC_MP_TABLE_H

#include <stdint.h>

#define MP_TABLE_BYTES 512u

/* The pointer structure, and behind it the table, for physical address at. Returns the bytes used. */
uint32_t mp_table_make(uint8_t table[MP_TABLE_BYTES], uint32_t at);

#endif
