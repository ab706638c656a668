/*
 * sched.h - who runs next: fair by processor time used, short turns, a head start for whoever just woke.
 *
 * Time used is counted in whole turns where guests are put in order, and to the nanosecond in how long the next turn
 * is. Whoever had a trifle more or less than the others so keeps its place among them, and is back after one turn of
 * each; whose turn was cut short, by a look or a sleeper that woke, is first again, for what is left of it.
 *
 * Guests that wait for the processor and guests that wait for their next tick stand in a queue each, so that a turn
 * looks at nobody but the first of each. Whatever changes guests from outside (made, released, paused, given a key)
 * stirs them (stirred.h), and calls sched_sync before the next turn. What every turn does is inline: a switch is
 * counted in instructions.
 */
#ifndef GUEST_SCHED_H
#define GUEST_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/clock.h"
#include "guest/guest.h"
#include "guest/queue.h"

#define SCHED_SLICE_MAX_NS 10000000u
#define SCHED_SLICE_MIN_NS 1000000u
#define SCHED_REST_NS 50000             /* less than this left of a turn is no turn: the next one is so much longer */
#define SCHED_WAKES 32                  /* at once: a bound on how long nobody runs */

/* Of one processor; for the functions of this file only, but for tick_ns. All else zero: nobody waits. */
struct sched {
    uint64_t tick_ns;           /* length of a guest's tick: set by the owner, before anything else */
    uint64_t floor_ns;          /* least virtual time of those who want the processor: never goes back */
    struct queue ready;         /* by virtual time; whoever has its turn is not in it */
    struct queue sleeping;      /* halted ones, by when their next tick is due */
    uint64_t slice_ns;          /* of the turn that is under way; 0: nobody else wants one */
};

/* Look at all that are stirred, and put each in the queue where it belongs. A new one has no credit over the others. */
void sched_sync(struct sched *sched, uint64_t now_ns);

/* It waits where it would be put now. */
static inline bool sched_is_in_place(const struct sched *sched, const struct guest *guest)
{
    const struct queue_place *place = &guest->turns.place;

    if (guest->life.paused)
        return false;
    if (place->queue == &sched->ready)
        return guest->life.activity == GUEST_READY && place->key_ns == guest->turns.virtual_ns;
    return place->queue == &sched->sleeping && guest->life.activity == GUEST_HALTED &&
           !virq_is_pending(&guest->state.virq) && place->key_ns == clock_wake_ns(guest, sched->tick_ns);
}

/* In no guest's turn: it is in the queue where sched_sync would put it, or in none. For who checks. */
static inline bool sched_has_place(const struct sched *sched, const struct guest *guest)
{
    bool waits = guest->life.activity == GUEST_READY || guest->life.activity == GUEST_HALTED;

    return guest->life.paused || !waits ? guest->turns.place.queue == NULL : sched_is_in_place(sched, guest);
}

/* Put a guest that is in no queue in the one where it belongs, if any. */
void sched_place(struct sched *sched, struct guest *guest, uint64_t now_ns);

/* Put a halted guest that is in no queue, and for which nothing is pending, where it waits for its next tick. */
void sched_sleep(struct sched *sched, struct guest *guest);

/* When the next halted guest wants to be woken; UINT64_MAX: never. */
static inline uint64_t sched_next_wake_ns(const struct sched *sched)
{
    return sched->sleeping.first ? sched->sleeping.first->key_ns : UINT64_MAX;
}

/* Woken, new, or back from a pause: no more credit than one short turn. */
static inline void sched_level(const struct sched *sched, struct guest *guest)
{
    int64_t behind_ns = (int64_t)(sched->floor_ns - guest->turns.virtual_ns);

    if (behind_ns > (int64_t)SCHED_SLICE_MIN_NS)
        guest->turns.virtual_ns = sched->floor_ns - SCHED_SLICE_MIN_NS;
}

/* Wake the first of the sleeping guests, whose time has come, with its tick; it is in no queue then. */
static inline struct guest *sched_wake_first(struct sched *sched, uint64_t now_ns)
{
    struct guest *guest = queue_take_first(&sched->sleeping);

    /* As sched_wake, of one that is late by now. First: the tick may be late, and on its own clock it was not. */
    sched_level(sched, guest);
    int64_t late_ns = (int64_t)(now_ns - guest->state.clock.next_tick_ns);      /* below 0, perhaps: clock_wake_ns */
    if (guest->state.clock.run) {
        guest->state.clock.waited_ns += now_ns - clock_late_from_ns(guest);
        late_ns -= (int64_t)guest->state.clock.waited_ns;
    }
    guest->turns.ready_since_ns = now_ns;
    guest->life.activity = GUEST_READY;
    clock_raise_first_tick(guest, late_ns, sched->tick_ns);
    return guest;
}

/* Let halted guests who are to be woken by now have their tick, and wake them: SCHED_WAKES of them at most. */
void sched_wake_due(struct sched *sched, uint64_t now_ns);

/* The ready, unpaused guest with the least virtual time; NULL when there is none. */
static inline struct guest *sched_pick(const struct sched *sched)
{
    return sched->ready.first ? sched->ready.first->guest : NULL;
}

/* How long a turn is while so many want one: short enough that ten busy guests each run once in 10 ms. */
static inline uint32_t sched_slice_ns(uint32_t count)
{
    uint32_t slice_ns = SCHED_SLICE_MAX_NS / count;
    return slice_ns < SCHED_SLICE_MIN_NS ? SCHED_SLICE_MIN_NS : slice_ns;
}

/*
 * Count what it used, if that comes to a turn of such a slice. Returns whether it did: then it stands behind all who
 * have used as little, else it goes on with its turn before them. What is more comes off the next turns.
 */
static inline bool sched_count_turn(struct guest *guest, uint64_t slice_ns)
{
    int64_t beyond_ns = guest->turns.used_ns - (int64_t)slice_ns;
    if (beyond_ns < -SCHED_REST_NS)
        return false;
    guest->turns.virtual_ns += slice_ns;
    guest->turns.used_ns = beyond_ns;
    return true;
}

/* It has to pay for what was done for it in nobody's turn. Before sched_sync. */
static inline void sched_charge(struct guest *guest, uint64_t spent_ns)
{
    guest->turns.used_ns += (int64_t)spent_ns;
    sched_count_turn(guest, SCHED_SLICE_MIN_NS);
}

/* Book-keeping around a turn. */
static inline void sched_turn_begins(struct guest *guest, uint64_t now_ns)
{
    queue_take(&guest->turns.place);
    guest->state.clock.waited_ns += clock_held_up_ns(guest, now_ns);
    guest->turns.ready_since_ns = now_ns;
    guest->turns.began_ns = now_ns;
}

/*
 * Begin the turn of who goes next, now that some may have to be woken; NULL: nobody. Where none is ready, sleepers go
 * in the order of their time and are not put in that queue first: most only have their tick and sleep again. Others
 * whose time has come, too, are woken when it is their turn, or when this one's is over and it is still ready.
 */
static inline struct guest *sched_next(struct sched *sched, uint64_t now_ns)
{
    const struct queue_place *sleeper = sched->sleeping.first;

    if (sleeper && sleeper->key_ns <= now_ns) {
        if (!sched->ready.first) {
            struct guest *guest = sched_wake_first(sched, now_ns);
            guest->turns.began_ns = now_ns;
            return guest;
        }
        sched_wake_due(sched, now_ns);
    }
    struct guest *guest = sched_pick(sched);
    if (guest)
        sched_turn_begins(guest, now_ns);
    return guest;
}

/* When a turn that began now has to end for others' sake. */
static inline uint64_t sched_turn_end(struct sched *sched, const struct guest *guest, uint64_t now_ns)
{
    uint64_t wake_ns = sched_next_wake_ns(sched);

    if (sched->ready.count == 0) {
        sched->slice_ns = 0;
        return wake_ns > now_ns ? wake_ns : now_ns + SCHED_SLICE_MIN_NS;    /* not yet: others woke with it */
    }
    uint32_t slice_ns = sched_slice_ns(sched->ready.count + 1);
    int64_t left_ns = (int64_t)slice_ns - guest->turns.used_ns;
    sched->slice_ns = slice_ns;
    uint64_t slice_end_ns = now_ns + (uint64_t)(left_ns > SCHED_REST_NS ? left_ns : SCHED_REST_NS);
    if (wake_ns <= now_ns)      /* more than could be woken at once */
        return slice_end_ns;
    return wake_ns < slice_end_ns ? wake_ns : slice_end_ns;
}

static inline void sched_turn_ends(struct sched *sched, struct guest *guest, uint64_t now_ns)
{
    uint64_t used_ns = now_ns - guest->turns.began_ns;
    bool goes_on = false;
    guest->turns.run_ns += used_ns;
    guest->turns.ready_since_ns = now_ns;
    if (sched->slice_ns == 0) {
        guest->turns.virtual_ns += used_ns;     /* from nobody */
    } else {
        guest->turns.used_ns += (int64_t)used_ns;
        goes_on = !sched_count_turn(guest, sched->slice_ns);
    }
    if (guest->life.activity == GUEST_READY && !guest->life.paused) {
        if (goes_on)
            queue_put_first(&sched->ready, &guest->turns.place, guest, guest->turns.virtual_ns);
        else
            queue_put(&sched->ready, &guest->turns.place, guest, guest->turns.virtual_ns);
    } else if (guest->life.activity == GUEST_HALTED && !guest->life.paused && !virq_is_pending(&guest->state.virq))
        sched_sleep(sched, guest);
    else
        sched_place(sched, guest, now_ns);
    /* By the last to go, when nobody wants it: a turn of one alone may be long, and whoever comes next starts here. */
    uint64_t least_ns = sched->ready.first ? sched->ready.first->key_ns : guest->turns.virtual_ns;
    if (least_ns > sched->floor_ns)
        sched->floor_ns = least_ns;
}

/*
 * Make a halted or blocked guest ready, before sched_sync or in no queue. It may run soon, but sleeping earns no more
 * than one turn of credit. What it was held up for until now is over as waiting (clock.h).
 */
void sched_wake(const struct sched *sched, struct guest *guest, uint64_t now_ns);

#endif
