/*
 * acpi_tables.h - ACPI tables of a virtual PC (PURE): they say how to switch it off, and nothing else.
 */
#ifndef VPC_ACPI_TABLES_H
#define VPC_ACPI_TABLES_H

#include <stdint.h>

#define ACPI_TABLES_BYTES 320u
#define ACPI_EVENT_PORT 0x600u      /* PM1a_EVT: status, enable */
#define ACPI_CONTROL_PORT 0x604u    /* PM1a_CNT, where QEMU's is */

/* The pointer that is looked for, and what it leads to. They will be at this address, a multiple of 64. */
void acpi_tables_make(uint8_t bytes[ACPI_TABLES_BYTES], uint32_t at);

#endif
