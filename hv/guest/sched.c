/*
 * sched.c - fair scheduling by virtual time: the processor time a guest has used, levelled when it sleeps.
 */
#include "guest/sched.h"

#include <stddef.h>

#include "guest/clock.h"
#include "guest/guest.h"

struct sched sched;

/* New, back from a pause, or woken: no more credit than one short turn. */
static void level(struct guest *guest)
{
    uint64_t least_ns = sched.floor_ns > SCHED_SLICE_MIN_NS ? sched.floor_ns - SCHED_SLICE_MIN_NS : 0;
    if (guest->virtual_ns < least_ns)
        guest->virtual_ns = least_ns;
}

void sched_wake(struct guest *guest, uint64_t now_ns)
{
    level(guest);
    guest->ready_since_ns = now_ns - clock_waiting_ns(guest, now_ns);
    guest->state = GUEST_READY;
}

void sched_place(struct guest *guest, uint64_t now_ns)
{
    if (guest->paused)
        return;
    if (guest->state == GUEST_HALTED && virq_is_pending(&guest->virq))
        sched_wake(guest, now_ns);
    if (guest->state == GUEST_READY)
        queue_put(&sched.ready, &guest->place, guest, guest->virtual_ns);
    else if (guest->state == GUEST_HALTED)
        queue_put(&sched.sleeping, &guest->place, guest,
                  guest->next_tick_ns + clock_settled_lag_ns(guest));
}

void sched_sync(uint64_t now_ns)
{
    sched.ready = sched.sleeping = (struct queue){ .count = 0 };    /* a guest that was released must not be touched */
    for (struct guest *guest = guest_first(); guest; guest = guest->next) {
        guest->place.queue = NULL;
        if (!guest->is_known)
            guest->virtual_ns = sched.floor_ns;
        guest->is_known = true;
        level(guest);
        sched_place(guest, now_ns);
    }
}

void sched_wake_first(uint64_t now_ns, uint64_t tick_ns)
{
    while (sched_next_wake_ns() <= now_ns) {
        struct guest *guest = sched.sleeping.first->guest;
        queue_take(&guest->place);
        sched_wake(guest, now_ns);      /* first: the tick may be late, and on its own clock it was not */
        clock_update(guest, now_ns, tick_ns);
        sched_place(guest, now_ns);
    }
}
