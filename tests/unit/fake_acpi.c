/*
 * fake_acpi.c - tables after the layouts of the ACPI specification, "ACPI Software Programming Model".
 */
#include "fake_acpi.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 36
#define COPIES_MAX 2048       /* a root of 256 tables, each with a few mappings */

uint8_t fake_acpi_bytes[FAKE_ACPI_BYTES];

static void *copies[COPIES_MAX];
static unsigned next_copy;

void fake_acpi_put(uint32_t at, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fake_acpi_bytes[at + i] = (uint8_t)(value >> (8 * i));
}

void fake_acpi_sum(uint32_t at, uint32_t length, uint32_t checksum_offset)
{
    uint8_t sum = 0;
    fake_acpi_bytes[at + checksum_offset] = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + fake_acpi_bytes[at + i]);
    fake_acpi_bytes[at + checksum_offset] = (uint8_t)-sum;
}

static void finish_table(uint32_t at, const char *signature, uint32_t length)
{
    memcpy(fake_acpi_bytes + at, signature, 4);
    fake_acpi_put(at + 4, length, 4);
    fake_acpi_sum(at, length, 9);
}

void fake_acpi_dsdt(const char *aml, unsigned aml_bytes)
{
    memcpy(fake_acpi_bytes + FAKE_DSDT + HEADER_BYTES, aml, aml_bytes);
    finish_table(FAKE_DSDT, "DSDT", HEADER_BYTES + aml_bytes);
}

void fake_acpi_ssdt(const char *aml, unsigned aml_bytes)
{
    memcpy(fake_acpi_bytes + FAKE_SSDT + HEADER_BYTES, aml, aml_bytes);
    finish_table(FAKE_SSDT, "SSDT", HEADER_BYTES + aml_bytes);
}

static void append_to_madt(const uint8_t *entry, uint8_t entry_bytes)
{
    uint8_t length = fake_acpi_bytes[FAKE_MADT + 4];
    memcpy(fake_acpi_bytes + FAKE_MADT + length, entry, entry_bytes);
    finish_table(FAKE_MADT, "APIC", (uint32_t)length + entry_bytes);
}

void fake_acpi_override(uint8_t isa_irq, uint32_t gsi, uint16_t flags)
{
    const uint8_t entry[] = { 2, 10, 0, isa_irq, (uint8_t)gsi, (uint8_t)(gsi >> 8), (uint8_t)(gsi >> 16),
                              (uint8_t)(gsi >> 24), (uint8_t)flags, (uint8_t)(flags >> 8) };
    append_to_madt(entry, sizeof(entry));
}

static void build_madt(void)
{
    static const uint8_t entries[] = {
        1, 12, 0, 0, 0x00, 0x00, 0xC0, 0xFE, 0, 0, 0, 0,        /* I/O APIC */
        0, 8, 0, 0, 1, 0, 0, 0,                                 /* a processor */
        1, 12, 1, 0, 0x00, 0x00, 0xC1, 0xFE, 24, 0, 0, 0,
    };
    fake_acpi_put(FAKE_MADT + 36, 0xFEE00000, 4);
    fake_acpi_put(FAKE_MADT + 40, 1, 4);
    finish_table(FAKE_MADT, "APIC", 44);
    append_to_madt(entries, sizeof(entries));
}

static void build_fadt(void)
{
    fake_acpi_bytes[FAKE_FADT + 8] = 4;                         /* revision */
    fake_acpi_put(FAKE_FADT + 40, FAKE_DSDT, 4);
    fake_acpi_put(FAKE_FADT + 64, 0x604, 4);
    fake_acpi_put(FAKE_FADT + 68, 0x704, 4);
    fake_acpi_put(FAKE_FADT + 76, 0x608, 4);
    fake_acpi_put(FAKE_FADT + 109, 0x0002, 2);
    fake_acpi_put(FAKE_FADT + 112, 1u << 8 | 1u << 10, 4);      /* TMR_VAL_EXT, RESET_REG_SUP */
    fake_acpi_put(FAKE_FADT + 116, 0x000801, 4);                /* I/O space, 8 bits */
    fake_acpi_put(FAKE_FADT + 120, 0xCF9, 8);
    fake_acpi_bytes[FAKE_FADT + 128] = 0x0F;
    fake_acpi_put(FAKE_FADT + 140, FAKE_DSDT, 8);
    finish_table(FAKE_FADT, "FACP", 244);
}

static void build_roots(void)
{
    static const uint32_t tables[] = { FAKE_FADT, FAKE_MADT, FAKE_HPET, FAKE_SPCR, FAKE_MCFG, FAKE_SSDT };
    for (unsigned i = 0; i < 6; i++) {
        fake_acpi_put(FAKE_RSDT + HEADER_BYTES + 4 * i, tables[i], 4);
        fake_acpi_put(FAKE_XSDT + HEADER_BYTES + 8 * i, tables[i], 8);
    }
    finish_table(FAKE_RSDT, "RSDT", HEADER_BYTES + 4 * 6);
    finish_table(FAKE_XSDT, "XSDT", HEADER_BYTES + 8 * 6);
    memcpy(fake_acpi_bytes + FAKE_RSDP, "RSD PTR ", 8);
    fake_acpi_bytes[FAKE_RSDP + 15] = 2;
    fake_acpi_put(FAKE_RSDP + 16, FAKE_RSDT, 4);
    fake_acpi_put(FAKE_RSDP + 20, 36, 4);
    fake_acpi_put(FAKE_RSDP + 24, FAKE_XSDT, 8);
    fake_acpi_sum(FAKE_RSDP, 20, 8);
    fake_acpi_sum(FAKE_RSDP, 36, 32);
}

static void build_mcfg(void)
{
    fake_acpi_put(FAKE_MCFG + 44, 0xB0000000, 8);
    fake_acpi_put(FAKE_MCFG + 54, 0xFF00, 2);                   /* first and last bus */
    fake_acpi_put(FAKE_MCFG + 60, 0x38FF00000000, 8);
    fake_acpi_put(FAKE_MCFG + 68, 3, 2);                        /* segment */
    fake_acpi_put(FAKE_MCFG + 70, 0x8F80, 2);
    finish_table(FAKE_MCFG, "MCFG", 76);
}

void fake_acpi_build(void)
{
    memset(fake_acpi_bytes, 0, sizeof(fake_acpi_bytes));
    build_madt();
    build_fadt();
    fake_acpi_put(FAKE_HPET + 44, 0xFED00000, 8);
    finish_table(FAKE_HPET, "HPET", 56);
    fake_acpi_put(FAKE_SPCR + 40, 0x000801, 4);
    fake_acpi_put(FAKE_SPCR + 44, 0x2E8, 8);
    finish_table(FAKE_SPCR, "SPCR", 80);
    build_mcfg();
    fake_acpi_ssdt("\x5B\x82\x08_HID\x0DPNP0A08", 16);
    fake_acpi_dsdt("\x10\x02\x08_S5_\x12\x06\x04\x0A\x05\x01\x00\x00\x08_HID\x0C\x41\xD0\x0A\x03", 25);
    build_roots();
}

const void *fake_acpi_map(uint64_t physical, uint64_t bytes)
{
    if (physical >= FAKE_ACPI_BYTES || bytes > FAKE_ACPI_BYTES - physical || bytes == 0)
        return NULL;
    /* Copies live as long as the tables that an outer call may still be reading. */
    free(copies[next_copy]);
    void *copy = malloc(bytes);
    memcpy(copy, fake_acpi_bytes + physical, bytes);
    copies[next_copy] = copy;
    next_copy = (next_copy + 1) % COPIES_MAX;
    return copy;
}
