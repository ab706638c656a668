/*
 * acpi.c - walk RSDP, XSDT or RSDT, and take facts from MADT, HPET, FADT and the DSDT's \_S5_ package (PURE).
 *
 * Every access is through bytes() on a table whose length was checked against the mapping and whose checksum is right.
 */
#include "irq/acpi.h"

#include <stddef.h>

#include "base/string.h"

#define HEADER_BYTES 36
#define RSDP_BYTES 20
#define RSDP_20_BYTES 36
#define TABLE_BYTES_MAX 0x400000u
#define TABLES_MAX 256

typedef const void *(*map_function)(uint64_t physical, uint64_t bytes);

struct table {
    const uint8_t *data;        /* NULL: absent */
    uint32_t length;
};

/* Little-endian number of count bytes at offset, 0 when it lies outside the table. */
static uint64_t bytes(const struct table *table, uint64_t offset, unsigned count)
{
    uint64_t value = 0;
    if (offset + count > table->length)
        return 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)table->data[offset + i] << (8 * i);
    return value;
}

static bool sums_to_zero(const uint8_t *data, uint32_t length)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + data[i]);
    return sum == 0;
}

static struct table open_table(map_function map, uint64_t physical)
{
    struct table table = { map(physical, HEADER_BYTES), HEADER_BYTES };
    if (physical == 0 || !table.data)
        return (struct table){ 0 };
    uint32_t length = (uint32_t)bytes(&table, 4, 4);
    if (length < HEADER_BYTES || length > TABLE_BYTES_MAX)
        return (struct table){ 0 };
    table.data = map(physical, length);
    table.length = length;
    return table.data && sums_to_zero(table.data, length) ? table : (struct table){ 0 };
}

static bool has_signature(const struct table *table, const char *signature)
{
    return table->data && memcmp(table->data, signature, 4) == 0;
}

/* MADT: "Interrupt Source Override" polarity and trigger; 00 is the bus's own, and the ISA bus is edge, active high. */
static void read_override(struct acpi_facts *facts, const struct table *madt, uint64_t at)
{
    uint8_t bus = (uint8_t)bytes(madt, at + 2, 1), source = (uint8_t)bytes(madt, at + 3, 1);
    uint16_t flags = (uint16_t)bytes(madt, at + 8, 2);
    if (bus != 0 || source >= ACPI_ISA_IRQS)
        return;
    facts->isa[source] = (struct acpi_isa_route){
        .gsi = (uint32_t)bytes(madt, at + 4, 4),
        .active_low = (flags & 3) == 3,
        .level = (flags >> 2 & 3) == 3,
    };
}

static void read_madt(struct acpi_facts *facts, const struct table *madt)
{
    facts->have_madt = true;
    facts->local_apic = bytes(madt, 36, 4);
    facts->have_8259 = bytes(madt, 40, 4) & 1;
    for (uint64_t at = 44; at + 2 <= madt->length;) {
        uint8_t type = (uint8_t)bytes(madt, at, 1), length = (uint8_t)bytes(madt, at + 1, 1);
        if (length < 2 || at + length > madt->length)
            return;
        if (type == 1 && length >= 12 && facts->ioapic_count < ACPI_IOAPICS_MAX)
            facts->ioapics[facts->ioapic_count++] = (struct acpi_ioapic){
                .address = (uint32_t)bytes(madt, at + 4, 4),
                .gsi_base = (uint32_t)bytes(madt, at + 8, 4),
            };
        else if (type == 2 && length >= 10)
            read_override(facts, madt, at);
        else if (type == 5 && length >= 12)
            facts->local_apic = bytes(madt, at + 4, 8);
        at += length;
    }
}

/* An AML integer in \_S5_'s package: ZeroOp, OneOp, OnesOp or a byte constant. ACPI "AML Encoding". */
static uint64_t skip_integer(const struct table *dsdt, uint64_t at, uint8_t *value)
{
    uint8_t op = (uint8_t)bytes(dsdt, at, 1);
    if (op == 0x0A) {
        *value = (uint8_t)bytes(dsdt, at + 1, 1);
        return at + 2;
    }
    *value = op == 1 ? 1 : 0;
    return at + 1;
}

/* Not an AML interpreter: NameOp "_S5_" PackageOp is looked for as bytes, as small kernels do. */
static void read_s5(struct acpi_facts *facts, const struct table *dsdt)
{
    for (uint64_t at = HEADER_BYTES; dsdt->data && at + 8 <= dsdt->length; at++) {
        if (memcmp(dsdt->data + at, "_S5_\x12", 5) != 0)
            continue;
        uint64_t package = at + 5;
        package += 1 + (bytes(dsdt, package, 1) >> 6);      /* PkgLength's extra bytes */
        package += 1;                                       /* NumElements */
        package = skip_integer(dsdt, package, &facts->sleep_type_a);
        skip_integer(dsdt, package, &facts->sleep_type_b);
        facts->have_s5 = package < dsdt->length;
        return;
    }
}

static void read_fadt(struct acpi_facts *facts, const struct table *fadt, map_function map)
{
    uint64_t dsdt_address = bytes(fadt, 140, 8) ? bytes(fadt, 140, 8) : bytes(fadt, 40, 4);
    struct table dsdt = open_table(map, dsdt_address);
    uint32_t flags = (uint32_t)bytes(fadt, 112, 4);

    facts->pm1a_control = (uint32_t)bytes(fadt, 64, 4);
    facts->pm1b_control = (uint32_t)bytes(fadt, 68, 4);
    facts->pm_timer_port = (uint16_t)bytes(fadt, 76, 4);
    facts->pm_timer_32bit = flags >> 8 & 1;
    /* IAPC_BOOT_ARCH came with revision 3 (ACPI 2.0); before it an 8042 was a matter of course. */
    if (bytes(fadt, 8, 1) >= 3)
        facts->boot_flags = (uint16_t)bytes(fadt, 109, 2);
    /* RESET_REG_SUP, and a register in I/O space (1): MMIO and PCI ones are left to the other ways. */
    facts->have_reset_register = (flags >> 10 & 1) && bytes(fadt, 116, 1) == 1 && bytes(fadt, 120, 8) != 0;
    facts->reset_port = (uint16_t)bytes(fadt, 120, 8);
    facts->reset_value = (uint8_t)bytes(fadt, 128, 1);
    if (has_signature(&dsdt, "DSDT"))
        read_s5(facts, &dsdt);
}

static void read_table(struct acpi_facts *facts, uint64_t physical, map_function map)
{
    struct table table = open_table(map, physical);
    if (has_signature(&table, "APIC"))
        read_madt(facts, &table);
    else if (has_signature(&table, "FACP"))
        read_fadt(facts, &table, map);
    else if (has_signature(&table, "HPET") && bytes(&table, 40, 1) == 0)
        facts->hpet = bytes(&table, 44, 8);
}

/* The XSDT where there is a sound one, else the RSDT. *entry_bytes: 8 or 4. */
static struct table open_root(uint64_t rsdp, map_function map, unsigned *entry_bytes)
{
    struct table pointer = { map(rsdp, RSDP_BYTES), RSDP_BYTES };
    if (!pointer.data || memcmp(pointer.data, "RSD PTR ", 8) != 0 || !sums_to_zero(pointer.data, RSDP_BYTES))
        return (struct table){ 0 };
    if (bytes(&pointer, 15, 1) >= 2) {
        struct table extended = { map(rsdp, RSDP_20_BYTES), RSDP_20_BYTES };
        if (extended.data && sums_to_zero(extended.data, RSDP_20_BYTES)) {
            struct table xsdt = open_table(map, bytes(&extended, 24, 8));
            *entry_bytes = 8;
            if (has_signature(&xsdt, "XSDT"))
                return xsdt;
        }
    }
    struct table rsdt = open_table(map, bytes(&pointer, 16, 4));
    *entry_bytes = 4;
    return has_signature(&rsdt, "RSDT") ? rsdt : (struct table){ 0 };
}

void acpi_read(struct acpi_facts *facts, uint64_t rsdp, map_function map)
{
    unsigned entry_bytes = 4;

    memset(facts, 0, sizeof(*facts));
    facts->boot_flags = 0xFFFF;
    for (unsigned i = 0; i < ACPI_ISA_IRQS; i++)
        facts->isa[i].gsi = i;
    if (rsdp == 0)
        return;
    struct table root = open_root(rsdp, map, &entry_bytes);
    unsigned count = 0;
    for (uint64_t at = HEADER_BYTES; at + entry_bytes <= root.length && count < TABLES_MAX; at += entry_bytes, count++)
        read_table(facts, bytes(&root, at, entry_bytes), map);
}
