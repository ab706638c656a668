/*
 * fake_acpi.h - a small physical memory with one of each ACPI table in it, for tests that then damage it.
 */
#ifndef TESTS_FAKE_ACPI_H
#define TESTS_FAKE_ACPI_H

#include <stdint.h>

/* Physical addresses, which are also offsets in fake_acpi_bytes. Every table is shorter than 256 bytes. */
#define FAKE_RSDP 0x0F0u
#define FAKE_RSDT 0x200u
#define FAKE_XSDT 0x300u
#define FAKE_MADT 0x400u
#define FAKE_FADT 0x500u
#define FAKE_HPET 0x700u
#define FAKE_SPCR 0x800u
#define FAKE_DSDT 0x900u
#define FAKE_MCFG 0xA00u
#define FAKE_SSDT 0xB00u
#define FAKE_ACPI_BYTES 0xC00u

extern uint8_t fake_acpi_bytes[FAKE_ACPI_BYTES];

/* All tables as they should be. */
void fake_acpi_build(void);

/* Store count bytes, little-endian. */
void fake_acpi_put(uint32_t at, uint64_t value, unsigned count);

/* Make the bytes at..at+length-1 sum to zero by the one at at + checksum_offset. */
void fake_acpi_sum(uint32_t at, uint32_t length, uint32_t checksum_offset);

/* A DSDT, an SSDT with just this AML. */
void fake_acpi_dsdt(const char *aml, unsigned aml_bytes);
void fake_acpi_ssdt(const char *aml, unsigned aml_bytes);

/* Add an "Interrupt Source Override" for an ISA interrupt to the MADT. */
void fake_acpi_override(uint8_t isa_irq, uint32_t gsi, uint16_t flags);

/* For acpi_read: a heap copy of exactly the bytes that were asked for, so that AddressSanitizer sees one too far. */
const void *fake_acpi_map(uint64_t physical, uint64_t bytes);

#endif
