/*
 * mp_table.c - see mp_table.h (PURE): one processor, an ISA bus, an I/O APIC, sixteen lines, two local ones.
 */
#include "vpc/mp_table.h"

#include "base/string.h"
#include "vpc/checksum.h"
#include "vpc/i82093.h"
#include "vpc/lapic.h"

#define POINTER_BYTES 16u
#define HEADER_BYTES 44u
#define REVISION 4u             /* of the specification: 1.4 */
#define APIC_VERSION 0x14u
#define BUS_ISA 0u
#define TIMER_PIN 2u
enum { ENTRY_PROCESSOR, ENTRY_BUS, ENTRY_IOAPIC, ENTRY_LINE, ENTRY_LOCAL };
enum { KIND_INT, KIND_NMI, KIND_SMI, KIND_EXTINT };

struct table {
    uint8_t *bytes;
    uint32_t used;
    uint16_t entries;
};

static void add_entry(struct table *table, const uint8_t *entry, uint32_t bytes)
{
    memcpy(table->bytes + table->used, entry, bytes);
    table->used += bytes;
    table->entries++;
}

static void put_word(uint8_t *to, uint32_t value)
{
    memcpy(to, &value, sizeof(value));
}

static void add_interrupt(struct table *table, uint8_t entry, uint8_t kind, uint8_t line, uint8_t apic, uint8_t pin)
{
    uint8_t bytes[8] = { entry, kind, 0, 0, BUS_ISA, line, apic, pin };

    add_entry(table, bytes, sizeof(bytes));
}

static void add_devices(struct table *table)
{
    uint8_t processor[20] = { ENTRY_PROCESSOR, 0, APIC_VERSION, 3 };    /* enabled, the one that starts */
    uint8_t bus[8] = { ENTRY_BUS, BUS_ISA, 'I', 'S', 'A', ' ', ' ', ' ' };
    uint8_t ioapic[8] = { ENTRY_IOAPIC, I82093_ID, 0x11, 1 };

    put_word(processor + 4, 0x633);     /* as CPUID says: x86/ident.c */
    put_word(processor + 8, 1);
    put_word(ioapic + 4, I82093_BASE);
    add_entry(table, processor, sizeof(processor));
    add_entry(table, bus, sizeof(bus));
    add_entry(table, ioapic, sizeof(ioapic));
}

uint32_t mp_table_make(uint8_t bytes[MP_TABLE_BYTES], uint32_t at)
{
    uint8_t *header = bytes + POINTER_BYTES;
    struct table table = { .bytes = header, .used = HEADER_BYTES };

    memset(bytes, 0, MP_TABLE_BYTES);
    add_devices(&table);
    for (uint8_t line = 0; line < 16; line++)
        if (line != TIMER_PIN)
            add_interrupt(&table, ENTRY_LINE, KIND_INT, line, I82093_ID, line == 0 ? TIMER_PIN : line);
    add_interrupt(&table, ENTRY_LOCAL, KIND_EXTINT, 0, 0xFF, 0);
    add_interrupt(&table, ENTRY_LOCAL, KIND_NMI, 0, 0xFF, 1);

    memcpy(header, "PCMP", 4);
    put_word(header + 4, table.used | REVISION << 16);
    memcpy(header + 8, "COBBLE  VIRTUAL PC  ", 20);
    put_word(header + 34, table.entries);
    put_word(header + 36, LAPIC_BASE);
    header[7] = checksum(header, table.used);

    memcpy(bytes, "_MP_", 4);
    put_word(bytes + 4, at + POINTER_BYTES);
    bytes[8] = POINTER_BYTES / 16;
    bytes[9] = REVISION;
    bytes[10] = checksum(bytes, POINTER_BYTES);
    return POINTER_BYTES + table.used;
}
