/*
 * fuzz_acpi.c - any bytes as a physical memory with ACPI tables: no access outside what was mapped, no work without
 * end, and facts that keep what acpi.h promises.
 *
 * The first byte says whether checksums are put right as tables are mapped: few inputs would come past them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "irq/acpi.h"

#define RSDP 0x10u
#define RSDP_BYTES 20u
#define RSDP_20_BYTES 36u
#define HEADER_BYTES 36u
#define REPAIRS 1u
#define MAPPINGS_MAX 1100u      /* RSDP twice, XSDT, RSDT, then 256 tables that are FADTs with a DSDT each */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const uint8_t *memory;
static size_t memory_bytes;
static void *copies[MAPPINGS_MAX];
static unsigned copy_count;

static void repair(uint8_t *bytes, uint64_t length, unsigned checksum_at)
{
    uint8_t sum = 0;
    for (uint64_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[checksum_at] = (uint8_t)(bytes[checksum_at] - sum);
}

/* A heap copy of exactly what was asked for, so that AddressSanitizer sees one byte too far. */
static const void *map(uint64_t physical, uint64_t bytes)
{
    CHECK(physical != 0 && bytes != 0);
    CHECK(copy_count < MAPPINGS_MAX);
    if (physical >= memory_bytes || bytes > memory_bytes - physical)
        return NULL;
    uint8_t *copy = malloc(bytes);
    memcpy(copy, memory + physical, bytes);
    if (memory[0] & REPAIRS) {
        if (physical == RSDP && (bytes == RSDP_BYTES || bytes == RSDP_20_BYTES))
            repair(copy, RSDP_BYTES, 8);
        if (physical == RSDP && bytes == RSDP_20_BYTES)
            repair(copy, RSDP_20_BYTES, 32);
        if (physical != RSDP && bytes >= HEADER_BYTES)
            repair(copy, bytes, 9);
    }
    copies[copy_count++] = copy;
    return copy;
}

static void check_promises(const struct acpi_facts *facts)
{
    CHECK(facts->ioapic_count <= ACPI_IOAPICS_MAX);
    CHECK(facts->ecam_count <= ACPI_ECAMS_MAX);
    CHECK(facts->have_madt || (facts->ioapic_count == 0 && facts->local_apic == 0 && !facts->have_8259));
    for (unsigned i = 0; i < ACPI_ISA_IRQS; i++)
        CHECK(facts->have_madt || (facts->isa[i].gsi == i && !facts->isa[i].active_low && !facts->isa[i].level));
    CHECK(facts->pm1a_control <= 0xFFFF && facts->pm1b_control <= 0xFFFF);
    CHECK(facts->sleep_type_a <= 7 && facts->sleep_type_b <= 7);
    CHECK(facts->have_s5 || (facts->sleep_type_a == 0 && facts->sleep_type_b == 0));
    CHECK(!facts->have_reset_register || facts->reset_port != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct acpi_facts facts;

    if (size == 0)
        return 0;
    memory = bytes;
    memory_bytes = size;
    memset(&facts, 0xA5, sizeof(facts));
    acpi_read(&facts, RSDP, map);
    check_promises(&facts);
    while (copy_count > 0)
        free(copies[--copy_count]);
    return 0;
}
