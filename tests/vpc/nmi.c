/*
 * nmi.c - NMIs that the processor sends itself by its local APIC: with interrupts off, too; a second one waits for the
 * IRET of the first; one that comes while it waits is not counted. A start-up IPI to a processor that runs is nothing.
 */
#include "lib/interrupts.h"

#define APIC 0xFEE00000u
#define SVR 0xF0u
#define ICR_LOW 0x300u
#define ICR_HIGH 0x310u
#define ID 0x20u
#define TO_NMI 0x400u
#define TO_START_UP 0x600u
#define ASSERT 0x4000u
#define PATIENCE 10000u

static volatile unsigned taken, depth, deepest, sends;

static volatile uint32_t *apic(uint32_t at)
{
    return (volatile uint32_t *)(APIC + at);
}

static void send(uint32_t command)
{
    *apic(ICR_HIGH) = *apic(ID);
    *apic(ICR_LOW) = command | ASSERT;
}

static void wait(void)
{
    for (volatile unsigned i = 0; i < PATIENCE; i++)
        ;
}

static void on_nmi(struct frame *frame)
{
    (void)frame;
    taken++;
    if (++depth > deepest)
        deepest = depth;
    while (sends > 0) {
        sends--;
        send(TO_NMI);
    }
    wait();
    depth--;
}

static void test(const char *name, unsigned more, unsigned wanted)
{
    taken = deepest = 0;
    sends = more;
    send(TO_NMI);
    wait();
    say("%s: %u, %u at once\n", name, taken, deepest);
    check(taken == wanted && deepest == 1, name);
}

int main(uint32_t magic, const uint32_t *info)
{
    static uint8_t stack0[4096];

    (void)magic, (void)info;
    interrupts_init((uint32_t)stack0 + sizeof(stack0));
    set_handler(2, on_nmi);
    *apic(SVR) = 0x1FF;
    test("one", 0, 1);
    test("one in the other", 1, 2);
    test("three in the other", 3, 2);
    sti();
    test("interrupts on", 0, 1);
    cli();
    taken = 0;
    send(TO_START_UP | 8);
    wait();
    say("start-up: %u\n", taken);
    say("%u failed\n", failures);
    return failures == 0 ? 42 : 1;
}
