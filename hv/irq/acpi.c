/*
 * acpi.c - walk RSDP, XSDT or RSDT, and take facts from MADT, MCFG, HPET, FADT, SPCR and AML's \_S5_ package (PURE).
 * Source: the ACPI specification, by the tables' names.
 *
 * Firmware's tables are wrong in every way that a table can be. So every access is through bytes() on a table whose
 * length was checked against the mapping and whose checksum is right; what lies outside reads as 0, which each field
 * takes for "not told". Addresses are checked by whoever maps them (irq.c).
 */
#include "irq/acpi.h"

#include <stddef.h>

#include "base/string.h"

#define HEADER_BYTES 36
#define RSDP_BYTES 20
#define RSDP_20_BYTES 36
#define TABLE_BYTES_MAX 0x400000u
#define TABLES_MAX 256
#define ADDRESS_SPACE_MEMORY 0  /* "Generic Address Structure" */
#define ADDRESS_SPACE_IO 1

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
    struct table table = { physical ? map(physical, HEADER_BYTES) : NULL, HEADER_BYTES };
    if (!table.data)
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
        /* An entry of no length would be read for ever. */
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

/*
 * An AML integer in \_S5_'s package: ZeroOp, OneOp, OnesOp or a constant of 1, 2, 4 or 8 bytes. ACPI "AML Encoding".
 * Returns where the next one starts, or UINT64_MAX for anything else.
 */
static uint64_t read_integer(const struct table *dsdt, uint64_t at, uint8_t *value)
{
    static const uint8_t constant_bytes[] = { [0x0A] = 1, [0x0B] = 2, [0x0C] = 4, [0x0E] = 8 };
    uint8_t op = (uint8_t)bytes(dsdt, at, 1);

    if (at >= dsdt->length)
        return UINT64_MAX;
    if (op == 0x00 || op == 0x01 || op == 0xFF) {
        *value = op;
        return at + 1;
    }
    if (op >= sizeof(constant_bytes) || constant_bytes[op] == 0 || at + 1 + constant_bytes[op] > dsdt->length)
        return UINT64_MAX;
    *value = (uint8_t)bytes(dsdt, at + 1, 1);
    return at + 1 + constant_bytes[op];
}

/* The package behind "_S5_" and PackageOp, at its PkgLength. */
static bool read_s5(struct acpi_facts *facts, const struct table *dsdt, uint64_t element)
{
    uint8_t type_a, type_b;

    element += 1 + (bytes(dsdt, element, 1) >> 6);      /* PkgLength's extra bytes */
    element += 1;                                       /* NumElements */
    element = read_integer(dsdt, element, &type_a);
    if (element == UINT64_MAX || read_integer(dsdt, element, &type_b) == UINT64_MAX)
        return false;
    facts->have_s5 = true;
    facts->sleep_type_a = type_a & 7;
    facts->sleep_type_b = type_b & 7;
    return true;
}

static bool is_at(const struct table *table, uint64_t at, const char *text, unsigned length)
{
    return at + length <= table->length && memcmp(table->data + at, text, length) == 0;
}

/*
 * Not an AML interpreter: "_S5_" and PackageOp are that object's name in every DSDT, and a PCI host bridge has its
 * hardware ID as a compressed EISA number or as text.
 */
static void read_aml(struct acpi_facts *facts, const struct table *aml, bool has_s5)
{
    for (uint64_t at = HEADER_BYTES; at < aml->length; at++) {
        switch (aml->data[at]) {
        case '_':
            if (has_s5 && is_at(aml, at, "_S5_\x12", 5))
                has_s5 = !read_s5(facts, aml, at + 5);
            break;
        case 0x41:
            facts->pci_ids += is_at(aml, at, "\x41\xD0\x0A\x03", 4);
            facts->pcie_ids += is_at(aml, at, "\x41\xD0\x0A\x08", 4);
            break;
        case 'P':
            facts->pci_ids += is_at(aml, at, "PNP0A03", 7);
            facts->pcie_ids += is_at(aml, at, "PNP0A08", 7);
            break;
        default:
            break;
        }
    }
}

static void read_mcfg(struct acpi_facts *facts, const struct table *mcfg)
{
    for (uint64_t at = 44; at + 16 <= mcfg->length && facts->ecam_count < ACPI_ECAMS_MAX; at += 16)
        facts->ecams[facts->ecam_count++] = (struct acpi_ecam){
            .address = bytes(mcfg, at, 8), .segment = (uint16_t)bytes(mcfg, at + 8, 2),
            .first_bus = (uint8_t)bytes(mcfg, at + 10, 1), .last_bus = (uint8_t)bytes(mcfg, at + 11, 1),
        };
}

/* A port from the FADT: where the old field is empty, the newer "Generic Address Structure", if it is in I/O space. */
static uint16_t fadt_port(const struct table *fadt, uint64_t old_at, uint64_t generic_at)
{
    uint64_t port = bytes(fadt, old_at, 4);
    if (port == 0 && bytes(fadt, generic_at, 1) == ADDRESS_SPACE_IO)
        port = bytes(fadt, generic_at + 4, 8);
    return port <= 0xFFFF ? (uint16_t)port : 0;
}

/* "Fixed ACPI Description Table". */
static void read_fadt(struct acpi_facts *facts, const struct table *fadt, map_function map)
{
    uint64_t dsdt_address = bytes(fadt, 140, 8) ? bytes(fadt, 140, 8) : bytes(fadt, 40, 4);
    struct table dsdt = open_table(map, dsdt_address);
    uint32_t flags = (uint32_t)bytes(fadt, 112, 4);

    facts->pm1a_control = fadt_port(fadt, 64, 172);
    facts->pm1b_control = fadt_port(fadt, 68, 184);
    facts->pm_timer_port = fadt_port(fadt, 76, 208);
    facts->pm_timer_32bit = flags >> 8 & 1;
    /* IAPC_BOOT_ARCH came with revision 3 (ACPI 2.0); before it an 8042 was a matter of course. */
    if (bytes(fadt, 8, 1) >= 3)
        facts->boot_flags = (uint16_t)bytes(fadt, 109, 2);
    /* RESET_REG_SUP, and a register in I/O space: MMIO and PCI ones are left to the other ways. */
    facts->reset_port = fadt_port(fadt, UINT32_MAX, 116);
    facts->have_reset_register = (flags >> 10 & 1) && facts->reset_port != 0;
    facts->reset_value = (uint8_t)bytes(fadt, 128, 1);
    if (has_signature(&dsdt, "DSDT"))
        read_aml(facts, &dsdt, true);
}

/* "Serial Port Console Redirection Table" (Microsoft): types 0 and 1 are 16550s, 0x12 names one by address. */
static void read_spcr(struct acpi_facts *facts, const struct table *spcr)
{
    uint8_t type = (uint8_t)bytes(spcr, 36, 1);
    uint64_t port = bytes(spcr, 44, 8);
    bool is_known = (type <= 1 || type == 0x12) && bytes(spcr, 40, 1) == ADDRESS_SPACE_IO && port <= 0xFFFF;

    if (is_known)
        facts->serial_port = (uint16_t)port;
    facts->serial_is_other = !is_known && port != 0;    /* 0: it prints to none */
}

static void read_table(struct acpi_facts *facts, uint64_t physical, map_function map)
{
    struct table table = open_table(map, physical);
    if (has_signature(&table, "APIC"))
        read_madt(facts, &table);
    else if (has_signature(&table, "FACP"))
        read_fadt(facts, &table, map);
    else if (has_signature(&table, "HPET") && bytes(&table, 40, 1) == ADDRESS_SPACE_MEMORY)
        facts->hpet = bytes(&table, 44, 8);
    else if (has_signature(&table, "SPCR"))
        read_spcr(facts, &table);
    else if (has_signature(&table, "MCFG"))
        read_mcfg(facts, &table);
    else if (has_signature(&table, "SSDT"))
        read_aml(facts, &table, false);
}

/* The XSDT where there is a sound one, else the RSDT. *entry_bytes: 8 or 4. */
static struct table open_root(uint64_t rsdp, map_function map, unsigned *entry_bytes)
{
    struct table pointer = { map(rsdp, RSDP_BYTES), RSDP_BYTES };
    if (!pointer.data || memcmp(pointer.data, "RSD PTR ", 8) != 0 || !sums_to_zero(pointer.data, RSDP_BYTES))
        return (struct table){ 0 };
    /*
     * Revision 2 and up has a longer pointer with an XSDT, whose entries reach beyond 4 GiB, and a checksum of its own.
     */
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
    /*
     * Before any table is read: what a PC without ACPI has, all of it, each ISA interrupt at the input of its number.
     */
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
