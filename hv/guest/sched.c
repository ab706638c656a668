/*
 * sched.c - fair scheduling by virtual time: the processor time a guest has used, levelled when it sleeps.
 *
 * Whoever has had least goes next, so that all who want the processor get the same, however often they sleep. Without
 * levelling, a guest that slept for an hour would then have the machine for an hour; levelled, it goes first, for one
 * short turn, which is what a guest that waits for keys needs.
 *
 * Turns are counted as a whole because they never are of one length: an alarm comes some microseconds early or late,
 * a call is finished first. Ordered by time itself, two hundred that had the same would change places by such trifles
 * from round to round, and one that was first among them and then last waited for nearly two turns of each.
 */
#include "guest/sched.h"

#include <stddef.h>

#include "guest/clock.h"
#include "guest/guest.h"

void sched_wake(const struct sched *sched, struct guest *guest, uint64_t now_ns)
{
    sched_level(sched, guest);
    guest->state.clock.waited_ns += clock_waiting_ns(guest, now_ns);
    guest->turns.ready_since_ns = now_ns;
    guest->life.activity = GUEST_READY;
}

void sched_sleep(struct sched *sched, struct guest *guest)
{
    uint64_t due_ns = clock_settled_tick_ns(guest), wake_ns = guest->turns.wake_ns + sched->tick_ns;

    /* Most often a tick after it was woken last: clock_wake_ns without its division. */
    if (due_ns != wake_ns && (!guest->state.clock.run || due_ns + sched->tick_ns / 2 - wake_ns >= sched->tick_ns))
        wake_ns = clock_wake_ns(guest, sched->tick_ns);
    guest->turns.wake_ns = wake_ns;
    queue_put(&sched->sleeping, &guest->turns.place, guest, wake_ns);
}

/* What becomes of a guest before it is put in a queue: whatever came while it slept wakes it. */
static inline void wake_if_pending(const struct sched *sched, struct guest *guest, uint64_t now_ns)
{
    if (guest->life.activity == GUEST_HALTED)
        guest->turns.wake_ns = clock_wake_ns(guest, sched->tick_ns);
    /* Masked or not: HLT is only accepted with virtual IF on. */
    if (!guest->life.paused && guest->life.activity == GUEST_HALTED && virq_is_pending(&guest->state.virq))
        sched_wake(sched, guest, now_ns);
}

void sched_place(struct sched *sched, struct guest *guest, uint64_t now_ns)
{
    wake_if_pending(sched, guest, now_ns);
    if (guest->life.paused)
        return;
    if (guest->life.activity == GUEST_READY)
        queue_put(&sched->ready, &guest->turns.place, guest, guest->turns.virtual_ns);
    else if (guest->life.activity == GUEST_HALTED)
        queue_put(&sched->sleeping, &guest->turns.place, guest, guest->turns.wake_ns);
}

/* It has no credit over the others, and its clock ticks when theirs do, so that all who sleep are woken at once. */
static void meet(const struct sched *sched, struct guest *guest, uint64_t now_ns)
{
    guest->turns.is_known = true;
    guest->turns.virtual_ns = sched->floor_ns;
    guest->state.clock.next_tick_ns = (now_ns / sched->tick_ns + 1) * sched->tick_ns;
}

/* Those that are to be put in a queue, in the order in which they were found. */
struct gathered {
    struct queue_place *first, **end;
};

static void gather(struct gathered *gathered, struct guest *guest, uint64_t key_ns)
{
    struct queue_place *place = &guest->turns.place;

    *place = (struct queue_place){ .guest = guest, .key_ns = key_ns };
    *gathered->end = place;
    gathered->end = &place->next;
}

static void gather_by_state(struct gathered *ready, struct gathered *sleeping, struct guest *guest)
{
    if (guest->life.paused)
        return;
    if (guest->life.activity == GUEST_READY)
        gather(ready, guest, guest->turns.virtual_ns);
    else if (guest->life.activity == GUEST_HALTED)
        gather(sleeping, guest, guest->turns.wake_ns);
}

/*
 * Bound: all that are stirred, some 100 instructions each and queue_put_list; and once all that are in the queues,
 * where one has to be put between them.
 */
void sched_sync(struct sched *sched, uint64_t now_ns)
{
    struct gathered ready = { NULL, &ready.first }, sleeping = { NULL, &sleeping.first };

    for (struct guest *guest = guest_first_stirred(); guest; guest = guest_next_stirred(guest)) {
        if (sched_is_in_place(sched, guest))
            continue;
        queue_take(&guest->turns.place);
        /* A new guest begins where the others are: not at 0, which would be the credit of all the time before it. */
        if (!guest->turns.is_known)
            meet(sched, guest, now_ns);
        sched_level(sched, guest);
        wake_if_pending(sched, guest, now_ns);
        gather_by_state(&ready, &sleeping, guest);
    }
    queue_put_list(&sched->ready, ready.first);
    queue_put_list(&sched->sleeping, sleeping.first);
}

/* Bound: SCHED_WAKES. */
void sched_wake_due(struct sched *sched, uint64_t now_ns)
{
    for (unsigned i = 0; i < SCHED_WAKES && sched_next_wake_ns(sched) <= now_ns; i++)
        sched_place(sched, sched_wake_first(sched, now_ns), now_ns);
}
