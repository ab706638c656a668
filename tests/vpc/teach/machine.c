/*
 * machine.c - what the PC tells of itself in its MP table, and its interrupt controllers.
 */
#include "teach.h"

#define VECTOR_SPURIOUS (VECTOR + 31)
#define VECTOR_ERROR (VECTOR + 19)

static volatile uint32_t *lapic, *ioapic;
static uint8_t ioapic_id;
uint8_t processors;

static void write_apic(unsigned offset, uint32_t value)
{
    lapic[offset / 4] = value;
    (void)lapic[0x20 / 4];              /* as such kernels wait for a write to be over */
}

void end_interrupt(void)
{
    write_apic(0xB0, 0);
}

static const uint8_t *search(uint32_t from, uint32_t bytes)
{
    for (const uint8_t *at = (const uint8_t *)from; at < (const uint8_t *)(from + bytes); at += 16) {
        uint8_t sum = 0;
        for (unsigned i = 0; i < 16; i++)
            sum = (uint8_t)(sum + at[i]);
        if (memcmp(at, "_MP_", 4) == 0 && sum == 0)
            return at;
    }
    return NULL;
}

/* Extended BIOS data; else the last KiB of base memory; else the ROM. */
static const uint8_t *find_table(void)
{
    const uint8_t *data = (const uint8_t *)(KERNEL_BASE + 0x400), *found = NULL;
    uint32_t extended = (uint32_t)(data[0x0F] << 8 | data[0x0E]) << 4;

    if (extended != 0)
        found = search(KERNEL_BASE + extended, 1024);
    else
        found = search(KERNEL_BASE + (uint32_t)(data[0x14] << 8 | data[0x13]) * 1024 - 1024, 1024);
    return found != NULL ? found : search(KERNEL_BASE + 0xF0000, 0x10000);
}

bool read_processors(void)
{
    const uint8_t *pointer = find_table();

    if (pointer == NULL || *(const uint32_t *)(pointer + 4) == 0)
        return false;
    const uint8_t *table = (const uint8_t *)(KERNEL_BASE + *(const uint32_t *)(pointer + 4)), *at = table + 44;
    if (memcmp(table, "PCMP", 4) != 0 || (table[6] != 1 && table[6] != 4))
        return false;
    lapic = *(volatile uint32_t *const *)(table + 36);
    for (const uint8_t *end = table + *(const uint16_t *)(table + 4); at < end; at += *at == 0 ? 20 : 8) {
        if (*at > 4)
            return false;
        processors = (uint8_t)(processors + (*at == 0));
        if (*at == 2)
            ioapic = *(volatile uint32_t *const *)(at + 4), ioapic_id = at[1];
    }
    if (pointer[12] != 0) {             /* the interrupt mode register has to be told */
        outb(0x22, 0x70);
        outb(0x23, inb(0x23) | 1);
    }
    return ioapic != NULL;
}

void start_lapic(void)
{
    write_apic(0xF0, 0x100 | VECTOR_SPURIOUS);
    write_apic(0x3E0, 0x0B);
    write_apic(0x320, 0x20000 | (VECTOR + LINE_TIMER));
    write_apic(0x380, 10000000);
    write_apic(0x350, 0x10000);
    write_apic(0x360, 0x10000);
    if ((lapic[0x30 / 4] >> 16 & 0xFF) >= 4)
        write_apic(0x340, 0x10000);
    write_apic(0x370, VECTOR_ERROR);
    write_apic(0x280, 0);
    write_apic(0x280, 0);
    write_apic(0xB0, 0);
    write_apic(0x310, 0);
    write_apic(0x300, 0x80000 | 0x500 | 0x8000);
    while (lapic[0x300 / 4] & 0x1000)
        ;
    write_apic(0x80, 0);
}

static void write_pin(unsigned index, uint32_t value)
{
    ioapic[0] = index;
    ioapic[4] = value;
}

void start_ioapic(void)
{
    ioapic[0] = 1;
    unsigned most = ioapic[4] >> 16 & 0xFF;
    ioapic[0] = 0;
    check((ioapic[4] >> 24 & 15) == ioapic_id, "number of the I/O APIC");
    for (unsigned pin = 0; pin <= most; pin++) {
        write_pin(0x10 + 2 * pin, 0x10000 | (VECTOR + pin));
        write_pin(0x11 + 2 * pin, 0);
    }
    const unsigned open[] = { LINE_KEYBOARD, LINE_SERIAL, LINE_IDE };
    for (unsigned i = 0; i < 3; i++) {
        write_pin(0x10 + 2 * open[i], VECTOR + open[i]);
        write_pin(0x11 + 2 * open[i], lapic[0x20 / 4] & 0xFF000000);
    }
}

/* A processor that nobody has: shutdown code, warm reset vector, INIT, twice start-up. Nobody may come. */
void start_other(void)
{
    volatile uint16_t *warm = (volatile uint16_t *)(KERNEL_BASE + (0x40 << 4 | 0x67));

    outb(0x70, 0x0F);
    outb(0x71, 0x0A);
    warm[0] = 0;
    warm[1] = 0x7000 >> 4;
    write_apic(0x310, 1u << 24);
    write_apic(0x300, 0xC500);
    write_apic(0x300, 0x8500);
    for (unsigned i = 0; i < 2; i++) {
        write_apic(0x310, 1u << 24);
        write_apic(0x300, 0x600 | 0x7000 >> 12);
    }
    outb(0x71, 0);
    say("nobody was started\n");
}
