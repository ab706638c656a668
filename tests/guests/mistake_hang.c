/*
 * mistake_hang.c - guests that wait for ever. Their time-out's report must say where they are, and what for; the
 * manifest has the words.
 */
#include "lib/paging.h"

#define NOTHING 0x70000000u

static volatile uint32_t ticks, key;

static void tick(struct event *event)
{
    (void)event;
    ticks++;
}

static void press(struct event *event)
{
    key = event->error;
}

static void ignore(struct event *event)
{
    (void)event;
}

static void stay(struct event *event)
{
    (void)event;
    for (;;)
        ;
}

/* A tick for which nothing was prepared. */
CASE(nothing_filled)
{
    while (ticks == 0)
        ;
}

CASE(never_enabled)
{
    event_handle(HV_SLOT_TIMER, tick, true);
    while (ticks == 0)
        ;
}

CASE(no_keyboard)
{
    event_handle(HV_SLOT_TIMER, tick, true);
    hv_enable_interrupts();
    while (key == 0)
        hlt();
}

CASE(no_key)
{
    event_handle(HV_SLOT_TIMER, tick, true);
    event_handle(HV_SLOT_KEYBOARD, press, true);
    hv_enable_interrupts();
    while (key == 0)
        hlt();
}

CASE(same_fault)
{
    event_handle(14, ignore, true);
    *(volatile uint32_t *)NOTHING = 1;
}

CASE(handler_stays)
{
    event_handle(HV_SLOT_TIMER, stay, true);
    hv_enable_interrupts();
    for (;;)
        hlt();
}

/* A way back without IF: the first tick is the last. */
CASE(masked_return)
{
    __asm__ volatile("jmp 2f; .globl masked_handler; masked_handler: pushl %eax; pushl $0; leal 28(%esp), %eax;"
                     "pushl %eax; pushl $2; pushl 24(%esp); movl $2, %eax; int $0xDE; 2:");
    extern const uint8_t masked_handler[];
    hv_setidt(HV_SLOT_TIMER, address_of(masked_handler), 1);
    hv_enable_interrupts();
    for (;;)
        ;
}

CASE(busy)
{
    event_handle(HV_SLOT_TIMER, tick, true);
    hv_enable_interrupts();
    for (;;)
        ;
}

int main(void)
{
    test_case();
    test_survived();
}
