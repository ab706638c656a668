/*
 * i82093.c - see i82093.h (PURE).
 */
#include "vpc/i82093.h"

#include <stdbool.h>

#define OFFSET_SELECT 0x00u
#define OFFSET_WINDOW 0x10u
#define INDEX_ID 0u
#define INDEX_VERSION 1u
#define INDEX_ARBITRATION 2u
#define INDEX_ENTRIES 0x10u
#define VERSION (0x11u | (I82093_PINS - 1) << 16)
#define ENTRY_MODE 0x700u
#define ENTRY_LOGICAL 0x800ull
#define ENTRY_DESTINATION_SHIFT 56
#define ENTRY_REMOTE_IRR 0x4000ull
#define ENTRY_LEVEL 0x8000ull
#define ENTRY_MASKED 0x10000ull
#define ENTRY_FIXED_BITS 0x5000ull      /* read-only: delivery status, remote IRR */

void i82093_reset(struct i82093 *apic)
{
    *apic = (struct i82093){ .id = I82093_ID << 24 };
    for (unsigned pin = 0; pin < I82093_PINS; pin++)
        apic->entries[pin] = ENTRY_MASKED;
}

/*
 * ExtINT, SMI, NMI and INIT are not delivered, nor is what is meant for another processor, of which there is none: it
 * is not accepted, so a level asks again as soon as the entry, or the processor's name, is another.
 */
static void deliver(struct i82093 *apic, unsigned pin, struct lapic *local)
{
    uint64_t *entry = &apic->entries[pin];

    if ((*entry & ENTRY_MASKED) || (*entry & ENTRY_MODE & ~0x100u))
        return;
    if ((*entry & (ENTRY_LEVEL | ENTRY_REMOTE_IRR)) == (ENTRY_LEVEL | ENTRY_REMOTE_IRR) ||
        !lapic_is_meant(local, *entry & ENTRY_LOGICAL, (uint32_t)(*entry >> ENTRY_DESTINATION_SHIFT)))
        return;
    if (*entry & ENTRY_LEVEL)
        *entry |= ENTRY_REMOTE_IRR;
    lapic_raise(local, (uint8_t)*entry, *entry & ENTRY_LEVEL);
}

static uint32_t pins_of(uint16_t isa_lines)
{
    return (isa_lines & 0xFFFAu) | (isa_lines & 1u) << 2;
}

void i82093_set_lines(struct i82093 *apic, uint16_t isa_lines, struct lapic *local)
{
    uint32_t pins = pins_of(isa_lines), risen = pins & ~apic->lines;

    apic->lines = pins;
    for (; pins != 0; pins &= pins - 1) {
        unsigned pin = (unsigned)__builtin_ctz(pins);
        if (apic->entries[pin] & ENTRY_LEVEL || risen >> pin & 1)
            deliver(apic, pin, local);
    }
}

void i82093_turn_line(struct i82093 *apic, unsigned isa_line, struct lapic *local)
{
    uint32_t pin = pins_of((uint16_t)(1u << isa_line));

    apic->lines ^= pin;
    if (apic->lines & pin)
        deliver(apic, (unsigned)__builtin_ctz(pin), local);
}

void i82093_end(struct i82093 *apic, uint8_t vector, struct lapic *local)
{
    for (unsigned pin = 0; pin < I82093_PINS; pin++) {
        uint64_t *entry = &apic->entries[pin];
        if (!(*entry & ENTRY_LEVEL) || (uint8_t)*entry != vector)
            continue;
        *entry &= ~ENTRY_REMOTE_IRR;
        if (apic->lines >> pin & 1)
            deliver(apic, pin, local);
    }
}

static uint32_t read_window(const struct i82093 *apic)
{
    unsigned half = apic->select - INDEX_ENTRIES;

    if (half < 2 * I82093_PINS)
        return (uint32_t)(apic->entries[half / 2] >> 32 * (half % 2));
    switch (apic->select) {
    case INDEX_ID: case INDEX_ARBITRATION: return apic->id;
    case INDEX_VERSION: return VERSION;
    default: return 0;
    }
}

uint32_t i82093_read(const struct i82093 *apic, uint32_t offset)
{
    return offset == OFFSET_SELECT ? apic->select : offset == OFFSET_WINDOW ? read_window(apic) : 0;
}

static void write_entry(struct i82093 *apic, unsigned half, uint32_t value, struct lapic *local)
{
    uint64_t *entry = &apic->entries[half / 2];

    if (half % 2)
        *entry = (*entry & 0xFFFFFFFFull) | (uint64_t)value << 32;
    else
        *entry = (*entry & (0xFFFFFFFF00000000ull | ENTRY_FIXED_BITS)) | (value & 0x1FFFFu & ~ENTRY_FIXED_BITS);
    if (!(*entry & ENTRY_LEVEL))
        *entry &= ~ENTRY_REMOTE_IRR;
    else if (apic->lines >> half / 2 & 1)
        deliver(apic, half / 2, local);
}

void i82093_write(struct i82093 *apic, uint32_t offset, uint32_t value, struct lapic *local)
{
    unsigned half = apic->select - INDEX_ENTRIES;

    if (offset == OFFSET_SELECT)
        apic->select = value & 0xFF;
    else if (offset == OFFSET_WINDOW && half < 2 * I82093_PINS)
        write_entry(apic, half, value, local);
    else if (offset == OFFSET_WINDOW && apic->select == INDEX_ID)
        apic->id = value & 0x0F000000u;
}
