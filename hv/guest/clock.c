/*
 * clock.c - ticks by the guest's own clock.
 */
#include "guest/clock.h"

#include "guest/guest.h"
#include "guest/sched.h"

/* How far the guest's clock is behind the wall clock. */
static uint64_t clock_lag_ns(const struct guest *guest, uint64_t now_ns)
{
    if (!guest->clock_run)
        return 0;
    return guest->waited_ns + (guest->state == GUEST_READY ? sched_waiting_ns(guest, now_ns) : 0);
}

void clock_update(struct guest *guest, uint64_t now_ns, uint64_t tick_ns)
{
    uint64_t clock_ns = now_ns - clock_lag_ns(guest, now_ns);
    if (clock_ns < guest->next_tick_ns)
        return;
    uint64_t late_ticks = (clock_ns - guest->next_tick_ns) / tick_ns;
    guest->next_tick_ns += (late_ticks + 1) * tick_ns;
    virq_raise_tick(&guest->virq);
    guest->virq.ticks_coalesced += late_ticks;
}

uint64_t clock_next_tick_ns(const struct guest *guest, uint64_t now_ns)
{
    return guest->next_tick_ns + clock_lag_ns(guest, now_ns);
}
