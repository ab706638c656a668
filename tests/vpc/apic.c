/*
 * apic.c - as a kernel finds and uses its APICs: MP table, local timer, I/O APIC with the serial line, self-IPI, TPR.
 *
 * Who executes it may show the local APIC as memory to a kernel that reads it all the time, and not the timer's count:
 * this one does the first until it sets the timer, and then watches the count.
 */
#include "lib/interrupts.h"

#define VECTOR_TIMER 0x40u
#define VECTOR_SERIAL 0x54u
#define VECTOR_IPI 0x60u
#define READS 200u

static volatile uint32_t *lapic, *ioapic;
static volatile unsigned timer_count, serial_count, ipi_count;
static uint8_t stack0[4096];

static uint8_t sum(const uint8_t *bytes, unsigned count)
{
    uint8_t total = 0;

    while (count-- > 0)
        total = (uint8_t)(total + *bytes++);
    return total;
}

static const uint8_t *search(uint32_t from, uint32_t bytes)
{
    for (const uint8_t *at = (const uint8_t *)from; at < (const uint8_t *)(from + bytes); at += 16)
        if (memcmp(at, "_MP_", 4) == 0 && sum(at, 16) == 0)
            return at;
    return NULL;
}

static const uint8_t *find_pointer(void)
{
    uint32_t ebda = (uint32_t)*(volatile uint16_t *)0x40E << 4;
    uint32_t base = (uint32_t)*(volatile uint16_t *)0x413 << 10;
    const uint8_t *found = ebda != 0 ? search(ebda, 1024) : NULL;

    found = found != NULL ? found : search(base - 1024, 1024);
    return found != NULL ? found : search(0xF0000, 0x10000);
}

static bool read_table(void)
{
    const uint8_t *pointer = find_pointer();
    unsigned processors = 0;

    if (pointer == NULL)
        return false;
    const uint8_t *table = *(const uint8_t *const *)(pointer + 4);
    const uint8_t *at = table + 44;
    check(memcmp(table, "PCMP", 4) == 0 && sum(table, *(const uint16_t *)(table + 4)) == 0, "table");
    lapic = *(volatile uint32_t *const *)(table + 36);
    for (unsigned i = 0; i < *(const uint16_t *)(table + 34); i++) {
        processors += *at == 0;
        if (*at == 2)
            ioapic = *(volatile uint32_t *const *)(at + 4);
        at += *at == 0 ? 20 : 8;
    }
    say("%u processor, lapic %x, ioapic %x\n", processors, (uint32_t)lapic, (uint32_t)ioapic);
    return ioapic != NULL;
}

static void on_timer(struct frame *frame)
{
    (void)frame;
    timer_count++;
    lapic[0xB0 / 4] = 0;
}

static void on_serial(struct frame *frame)
{
    (void)frame;
    serial_count++;
    (void)inb(COM1 + 2);
    lapic[0xB0 / 4] = 0;
}

static void on_ipi(struct frame *frame)
{
    (void)frame;
    ipi_count++;
    check(lapic[(0x100 + 0x30) / 4] == 1 && lapic[(0x200 + 0x30) / 4] == 0 && lapic[0xA0 / 4] == 0x60, "in service");
    lapic[0xB0 / 4] = 0;
}

static void test_timer(void)
{
    lapic[0x3E0 / 4] = 0x0B;
    lapic[0x320 / 4] = 0x20000 | VECTOR_TIMER;
    check(lapic[0x320 / 4] == (0x20000 | VECTOR_TIMER), "LVT");
    lapic[0x380 / 4] = 1000000;
    while (timer_count < 10)
        sti_hlt_cli();
    uint32_t count = lapic[0x390 / 4];
    check(count <= 1000000, "current count");
    for (unsigned i = 0; i < READS && lapic[0x390 / 4] == count; i++)
        ;
    check(lapic[0x390 / 4] != count, "the count runs");
    lapic[0x320 / 4] = 0x10000 | VECTOR_TIMER;
    say("timer\n");
}

static void test_ioapic(void)
{
    ioapic[0] = 1;
    check((ioapic[4] >> 16 & 0xFF) == 23, "pins");
    ioapic[0] = 0x10 + 2 * 4 + 1;
    ioapic[4] = 0;
    ioapic[0] = 0x10 + 2 * 4;
    ioapic[4] = VECTOR_SERIAL;
    outb(COM1 + 4, 0x0B);
    outb(COM1 + 1, 0x02);
    while (serial_count == 0)
        sti_hlt_cli();
    outb(COM1 + 1, 0x00);
    say("serial line by the I/O APIC\n");
}

static void test_ipi(void)
{
    uint32_t id = lapic[0x20 / 4];

    for (unsigned i = 0; i < READS; i++)
        check(lapic[0x20 / 4] == id, "ID");
    lapic[0x80 / 4] = 0x60;
    lapic[0x310 / 4] = 0;
    lapic[0x300 / 4] = 0x40000 | VECTOR_IPI;
    sti();
    for (volatile unsigned i = 0; i < 1000; i++)
        ;
    cli();
    check(ipi_count == 0, "held back by TPR");
    check(lapic[(0x200 + 0x30) / 4] == 1 && lapic[0x80 / 4] == 0x60 && lapic[0xA0 / 4] == 0x60, "IRR, TPR, PPR");
    lapic[0x80 / 4] = 0;
    sti();
    for (volatile unsigned i = 0; i < 1000; i++)
        ;
    cli();
    check(ipi_count == 1, "IPI");
    check(lapic[(0x100 + 0x30) / 4] == 0 && lapic[0xA0 / 4] == 0, "ended");
    say("IPI\n");
}

/* What was read may be written back. */
static void test_base(void)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr; wrmsr" : "=a"(low), "=d"(high) : "c"(0x1B));
    say("base %x\n", low);
    check(high == 0, "below 4 GiB");
}

int main(uint32_t magic, const uint32_t *info)
{
    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(VECTOR_TIMER, on_timer);
    set_handler(VECTOR_SERIAL, on_serial);
    set_handler(VECTOR_IPI, on_ipi);
    if (!read_table()) {
        say("no MP table\n");
        return 1;
    }
    test_base();
    lapic[0xF0 / 4] = 0x13F;
    lapic[0x350 / 4] = 0x10000;
    test_ipi();
    test_timer();
    test_ioapic();
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
