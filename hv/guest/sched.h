/*
 * sched.h - who runs next: fair by processor time used, short turns, a head start for whoever just woke.
 *
 * Guests that wait for the processor and guests that wait for their next tick stand in a queue each, so that a turn
 * looks at nobody but the first of each. Whatever changes guests from outside (made, released, paused, given a key)
 * calls sched_sync before the next turn. What every turn does is inline: a switch is counted in instructions.
 */
#ifndef GUEST_SCHED_H
#define GUEST_SCHED_H

#include <stddef.h>
#include <stdint.h>

#include "guest/guest.h"
#include "guest/queue.h"

#define SCHED_SLICE_MAX_NS 10000000u
#define SCHED_SLICE_MIN_NS 1000000u

/* Of one processor; for the functions of this file only, but for tick_ns. All else zero: nobody waits. */
struct sched {
    uint64_t tick_ns;           /* length of a guest's tick: set by the owner, before anything else */
    uint64_t floor_ns;          /* least virtual time of those who want the processor: never goes back */
    struct queue ready;         /* by virtual time; whoever has its turn is not in it */
    struct queue sleeping;      /* halted ones, by when their next tick is due */
};

/* Look at every guest, and put each in the queue where it belongs. A new one has no credit over the others. */
void sched_sync(struct sched *sched, uint64_t now_ns);

/* Put a guest that is in no queue in the one where it belongs, if any. */
void sched_place(struct sched *sched, struct guest *guest, uint64_t now_ns);

/* When the next halted guest wants to be woken; UINT64_MAX: never. */
static inline uint64_t sched_next_wake_ns(const struct sched *sched)
{
    return sched->sleeping.first ? sched->sleeping.first->key_ns : UINT64_MAX;
}

/* Let the halted guests who are to be woken by now have their tick, and wake them. */
void sched_wake_first(struct sched *sched, uint64_t now_ns);

static inline void sched_wake_due(struct sched *sched, uint64_t now_ns)
{
    if (sched_next_wake_ns(sched) <= now_ns)
        sched_wake_first(sched, now_ns);
}

/* The ready, unpaused guest with the least virtual time; NULL when there is none. */
static inline struct guest *sched_pick(const struct sched *sched)
{
    return sched->ready.first ? sched->ready.first->guest : NULL;
}

/*
 * The end of a turn that begins now: short enough that ten busy guests each run once in 10 ms; UINT64_MAX for one
 * alone.
 */
static inline uint64_t sched_slice_end(const struct sched *sched, uint64_t now_ns)
{
    if (sched->ready.count < 2)
        return UINT64_MAX;
    uint32_t slice_ns = SCHED_SLICE_MAX_NS / sched->ready.count;
    return now_ns + (slice_ns < SCHED_SLICE_MIN_NS ? SCHED_SLICE_MIN_NS : slice_ns);
}

/* How long a GUEST_READY guest has been waiting for the processor. */
static inline uint64_t sched_waiting_ns(const struct guest *guest, uint64_t now_ns)
{
    return now_ns > guest->turns.ready_since_ns ? now_ns - guest->turns.ready_since_ns : 0;
}

/* Book-keeping around a turn. */
static inline void sched_turn_begins(struct guest *guest, uint64_t now_ns)
{
    queue_take(&guest->turns.place);
    guest->state.clock.waited_ns += sched_waiting_ns(guest, now_ns);
    guest->turns.ready_since_ns = now_ns;
    guest->turns.began_ns = now_ns;
}

static inline void sched_turn_ends(struct sched *sched, struct guest *guest, uint64_t now_ns)
{
    uint64_t used_ns = now_ns - guest->turns.began_ns;
    guest->turns.run_ns += used_ns;
    guest->turns.virtual_ns += used_ns;
    guest->turns.ready_since_ns = now_ns;
    if (guest->life.activity == GUEST_READY && !guest->life.paused)
        queue_put(&sched->ready, &guest->turns.place, guest, guest->turns.virtual_ns);
    else
        sched_place(sched, guest, now_ns);
    /* By the last to go, when nobody wants it: a turn of one alone may be long, and whoever comes next starts here. */
    uint64_t least_ns = sched->ready.first ? sched->ready.first->key_ns : guest->turns.virtual_ns;
    if (least_ns > sched->floor_ns)
        sched->floor_ns = least_ns;
}

/*
 * Make a halted or blocked guest ready, before sched_sync or in no queue. It may run soon, but sleeping earns no more
 * than one turn of credit. What it was held up for until now counts as waiting (clock.h).
 */
void sched_wake(const struct sched *sched, struct guest *guest, uint64_t now_ns);

#endif
