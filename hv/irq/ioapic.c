/*
 * ioapic.c - 82093AA data sheet: an index register, a window, two words an entry.
 */
#include "irq/ioapic.h"

#include <stddef.h>

#define REG_VERSION 1
#define REG_ENTRY 0x10
#define WINDOW (0x10 / 4)
#define ENTRIES_MAX 120                     /* the index register has 8 bits */
#define NOTHING_THERE 0xFFFFFFFFu

struct ioapic {
    volatile uint32_t *registers;
    uint32_t gsi_base, entries;
};

static struct ioapic ioapics[ACPI_IOAPICS_MAX];
static unsigned ioapic_count;

static uint32_t read_register(const struct ioapic *ioapic, uint32_t index)
{
    ioapic->registers[0] = index;
    return ioapic->registers[WINDOW];
}

static void write_register(const struct ioapic *ioapic, uint32_t index, uint32_t value)
{
    ioapic->registers[0] = index;
    ioapic->registers[WINDOW] = value;
}

void ioapic_init(const struct acpi_facts *facts, void *(*map_device)(uint64_t physical, uint64_t bytes))
{
    for (unsigned i = 0; i < facts->ioapic_count; i++) {
        struct ioapic *ioapic = &ioapics[ioapic_count];
        ioapic->registers = map_device(facts->ioapics[i].address, 0x20);
        if (!ioapic->registers)
            continue;
        uint32_t version = read_register(ioapic, REG_VERSION);
        if (version == NOTHING_THERE)
            continue;
        uint32_t entries = (version >> 16 & 0xFF) + 1;
        ioapic->gsi_base = facts->ioapics[i].gsi_base;
        ioapic->entries = entries < ENTRIES_MAX ? entries : ENTRIES_MAX;
        for (uint32_t entry = 0; entry < ioapic->entries; entry++)
            write_register(ioapic, REG_ENTRY + 2 * entry, IOAPIC_ENTRY_MASKED);
        ioapic_count++;
    }
}

bool ioapic_route(const struct acpi_isa_route *route, uint8_t vector, uint32_t apic_id)
{
    for (unsigned i = 0; i < ioapic_count; i++) {
        const struct ioapic *ioapic = &ioapics[i];
        if (route->gsi < ioapic->gsi_base || route->gsi - ioapic->gsi_base >= ioapic->entries || apic_id > 0xFF)
            continue;
        uint32_t index = REG_ENTRY + 2 * (route->gsi - ioapic->gsi_base);
        /* The destination first: the word with the vector also unmasks the entry. */
        write_register(ioapic, index + 1, apic_id << 24);
        write_register(ioapic, index, ioapic_entry(route, vector));
        return true;
    }
    return false;
}
