/*
 * ticks.h - a timer handler that counts, and waiting by the TSC in units of timer ticks.
 *
 * A guest is not told how fast the TSC runs, so ticks_start measures it against ticks. Afterwards the guest can wait
 * with virtual interrupts masked.
 */
#ifndef TESTS_GUESTS_TICKS_H
#define TESTS_GUESTS_TICKS_H

#include "test.h"

static volatile uint32_t tick_count;
static uint64_t tick_cycles;

static void tick_handler(struct event *event)
{
    CHECK_EQUAL(event->error, 0);
    tick_count++;
}

/* With virtual interrupts on: until the next tick has been handled. */
__attribute__((unused)) static void tick_wait(void)
{
    uint32_t before = tick_count;

    while (tick_count == before)
        pause();
}

/* Wait without looking at ticks: virtual interrupts may be off. */
__attribute__((unused)) static void ticks_spin(uint32_t ticks)
{
    uint64_t start = rdtsc();

    while (rdtsc() - start < tick_cycles * ticks)
        pause();
}

/* Install the handler, measure ten ticks, and leave virtual interrupts off with nothing pending. */
__attribute__((unused)) static void ticks_start(void)
{
    event_handle(HV_SLOT_TIMER, tick_handler, true);
    hv_enable_interrupts();
    tick_wait();
    uint64_t start = rdtsc();
    for (unsigned i = 0; i < 10; i++)
        tick_wait();
    tick_cycles = divide_u64(rdtsc() - start, 10);
    hv_disable_interrupts();
    tick_count = 0;
}

#endif
