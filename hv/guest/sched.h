/*
 * sched.h - who runs next: fair by processor time used, short turns, a head start for whoever just woke.
 *
 * Guests that wait for the processor and guests that wait for their next tick stand in a queue each, so that a turn
 * looks at nobody but the first of each. Whatever changes guests from outside (made, released, paused, given a key)
 * calls sched_sync before the next turn.
 */
#ifndef GUEST_SCHED_H
#define GUEST_SCHED_H

#include <stdint.h>

struct guest;

/* Look at every guest, and put each in the queue where it belongs. A new one has no credit over the others. */
void sched_sync(uint64_t now_ns);

/* Let the halted guests whose tick is due by now have it, and wake them. tick_ns: length of a tick. */
void sched_wake_due(uint64_t now_ns, uint64_t tick_ns);

/* When the next halted guest wants to be woken; UINT64_MAX: never. */
uint64_t sched_next_wake_ns(void);

/* The ready, unpaused guest with the least virtual time; NULL when there is none. */
struct guest *sched_pick(void);

/*
 * The end of a turn that begins now: short enough that ten busy guests each run once in 10 ms; UINT64_MAX for one
 * alone.
 */
uint64_t sched_slice_end(uint64_t now_ns);

/* Book-keeping around a turn. */
void sched_turn_begins(struct guest *guest, uint64_t now_ns);
void sched_turn_ends(struct guest *guest, uint64_t now_ns);

/*
 * Make a halted or blocked guest ready, before sched_sync. It may run soon, but sleeping earns no more than one turn of
 * credit.
 */
void sched_wake(struct guest *guest, uint64_t now_ns);

/* How long a GUEST_READY guest has been waiting for the processor. */
uint64_t sched_waiting_ns(const struct guest *guest, uint64_t now_ns);

#endif
