/*
 * sched.h - who runs next: fair by processor time used, short turns, a head start for whoever just woke.
 */
#ifndef GUEST_SCHED_H
#define GUEST_SCHED_H

#include <stdint.h>

struct guest;

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

/* Make a halted or blocked guest ready. It may run soon, but sleeping earns no more than one turn of credit. */
void sched_wake(struct guest *guest, uint64_t now_ns);

/* How long a GUEST_READY guest has been waiting for the processor. */
uint64_t sched_waiting_ns(const struct guest *guest, uint64_t now_ns);

#endif
