/*
 * clock.c - ticks by the guest's own clock.
 */
#include "guest/clock.h"

void clock_raise_ticks(struct guest *guest, uint64_t late_ns, uint64_t tick_ns)
{
    uint64_t late_ticks = late_ns < tick_ns ? 0 : late_ns / tick_ns;

    guest->state.clock.next_tick_ns += (late_ticks + 1) * tick_ns;
    virq_raise_tick(&guest->state.virq);
    guest->state.virq.ticks_coalesced += late_ticks;
}
