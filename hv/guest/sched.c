/*
 * sched.c - fair scheduling by virtual time: the processor time a guest has used, levelled when it sleeps.
 */
#include "guest/sched.h"

#include <stddef.h>

#include "guest/clock.h"
#include "guest/guest.h"

#define SLICE_MAX_NS 10000000ull
#define SLICE_MIN_NS 1000000ull

static uint64_t floor_ns;           /* least virtual time of those who want the processor: never goes back */
static struct queue ready;          /* by virtual time; whoever has its turn is not in it */
static struct queue sleeping;       /* halted ones, by when their next tick is due */

/* New, back from a pause, or woken: no more credit than one short turn. */
static void level(struct guest *guest)
{
    uint64_t least_ns = floor_ns > SLICE_MIN_NS ? floor_ns - SLICE_MIN_NS : 0;
    if (guest->virtual_ns < least_ns)
        guest->virtual_ns = least_ns;
}

void sched_wake(struct guest *guest, uint64_t now_ns)
{
    level(guest);
    guest->state = GUEST_READY;
    guest->ready_since_ns = now_ns;
}

/* guest is in no queue. */
static void place(struct guest *guest, uint64_t now_ns)
{
    if (guest->paused)
        return;
    if (guest->state == GUEST_HALTED && virq_is_pending(&guest->virq))
        sched_wake(guest, now_ns);
    if (guest->state == GUEST_READY)
        queue_put(&ready, &guest->place, guest, guest->virtual_ns);
    else if (guest->state == GUEST_HALTED)
        queue_put(&sleeping, &guest->place, guest, clock_next_tick_ns(guest, now_ns));
}

void sched_sync(uint64_t now_ns)
{
    ready = sleeping = (struct queue){ .count = 0 };    /* a guest that was released must not be touched */
    for (struct guest *guest = guest_first(); guest; guest = guest->next) {
        guest->place.queue = NULL;
        if (!guest->is_known)
            guest->virtual_ns = floor_ns;
        guest->is_known = true;
        level(guest);
        place(guest, now_ns);
    }
}

void sched_wake_due(uint64_t now_ns, uint64_t tick_ns)
{
    while (sleeping.first && sleeping.first->key_ns <= now_ns) {
        struct guest *guest = sleeping.first->guest;
        queue_take(&guest->place);
        clock_update(guest, now_ns, tick_ns);
        place(guest, now_ns);
    }
}

uint64_t sched_next_wake_ns(void)
{
    return sleeping.first ? sleeping.first->key_ns : UINT64_MAX;
}

struct guest *sched_pick(void)
{
    return ready.first ? ready.first->guest : NULL;
}

uint64_t sched_slice_end(uint64_t now_ns)
{
    if (ready.count < 2)
        return UINT64_MAX;
    uint64_t slice_ns = SLICE_MAX_NS / ready.count;
    return now_ns + (slice_ns < SLICE_MIN_NS ? SLICE_MIN_NS : slice_ns);
}

void sched_turn_begins(struct guest *guest, uint64_t now_ns)
{
    queue_take(&guest->place);
    guest->waited_ns += sched_waiting_ns(guest, now_ns);
    guest->ready_since_ns = now_ns;
    guest->turn_began_ns = now_ns;
}

/* By the last to go, when nobody wants it: a turn of one alone may be long, and whoever comes next starts here. */
static void raise_floor(uint64_t last_ns)
{
    uint64_t least_ns = ready.first ? ready.first->key_ns : last_ns;
    if (least_ns > floor_ns)
        floor_ns = least_ns;
}

void sched_turn_ends(struct guest *guest, uint64_t now_ns)
{
    uint64_t used_ns = now_ns - guest->turn_began_ns;
    guest->run_ns += used_ns;
    guest->virtual_ns += used_ns;
    guest->ready_since_ns = now_ns;
    place(guest, now_ns);
    raise_floor(guest->virtual_ns);
}

uint64_t sched_waiting_ns(const struct guest *guest, uint64_t now_ns)
{
    return now_ns > guest->ready_since_ns ? now_ns - guest->ready_since_ns : 0;
}
