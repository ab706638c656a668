/*
 * clock.h - a guest's clock and its 10 ms ticks: the wall clock, or with clock=run one that stands still while it
 * waits. Whoever reads a clock counts the wait that is going on: a guest may not have had its first turn yet.
 */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdint.h>

#include "guest/guest.h"

/* How long a GUEST_READY guest has been waiting for the processor, or a GUEST_BLOCKED one for the serial line. */
static inline uint64_t clock_held_up_ns(const struct guest *guest, uint64_t now_ns)
{
    return now_ns > guest->turns.ready_since_ns ? now_ns - guest->turns.ready_since_ns : 0;
}

/* How far the guest's clock was behind the wall clock when its last wait was over. */
static inline uint64_t clock_settled_lag_ns(const struct guest *guest)
{
    return guest->state.clock.run ? guest->state.clock.waited_ns : 0;
}

/*
 * When a halted guest is woken for its next tick: with all others, where the machine's ticks of tick_ns are. Wall
 * clocks tick there anyway; a clock=run, which is somewhere between, has this tick up to half of one early or late, and
 * the next ones are due as if it had not.
 */
static inline uint64_t clock_wake_ns(const struct guest *guest, uint64_t tick_ns)
{
    uint64_t due_ns = guest->state.clock.next_tick_ns + clock_settled_lag_ns(guest);
    return guest->state.clock.run ? (due_ns + tick_ns / 2) / tick_ns * tick_ns : due_ns;
}

/*
 * From when on a halted guest is late: when it was to be woken, but not before it halted. With clock=run that may be
 * the later one, as it is woken early (clock_wake_ns).
 */
static inline uint64_t clock_late_from_ns(const struct guest *guest)
{
    uint64_t wake_ns = guest->turns.wake_ns, halted_ns = guest->turns.ready_since_ns;

    return wake_ns > halted_ns ? wake_ns : halted_ns;
}

/*
 * How long it has been held up by others: ready or blocked since then, or halted with a tick due that nobody has seen
 * to.
 */
static inline uint64_t clock_waiting_ns(const struct guest *guest, uint64_t now_ns)
{
    if (guest->life.activity == GUEST_READY || guest->life.activity == GUEST_BLOCKED)
        return clock_held_up_ns(guest, now_ns);
    uint64_t from_ns = clock_late_from_ns(guest);
    bool is_late = guest->life.activity == GUEST_HALTED && now_ns > from_ns;
    return guest->state.clock.run && is_late ? now_ns - from_ns : 0;
}

/* How far the guest's clock is behind the wall clock now. */
static inline uint64_t clock_lag_ns(const struct guest *guest, uint64_t now_ns)
{
    return guest->state.clock.run ? guest->state.clock.waited_ns + clock_waiting_ns(guest, now_ns) : 0;
}

/* When its next tick falls due by the wall clock, if it runs or halts until then. */
static inline uint64_t clock_next_tick_ns(const struct guest *guest, uint64_t now_ns)
{
    return guest->state.clock.next_tick_ns + clock_lag_ns(guest, now_ns);
}

/* The same if it is not waiting. */
static inline uint64_t clock_settled_tick_ns(const struct guest *guest)
{
    return guest->state.clock.next_tick_ns + clock_settled_lag_ns(guest);
}

/*
 * Before its first tick: move each of the guest's ticks by a pseudo-random part of its period, the same ones for the
 * same seed. Two ticks may so be next to each other, or nearly two periods apart; in the long run none is lost. Ticks
 * then have to come through the run loop: tick_use_run_loop.
 */
void clock_seed(struct guest *guest, uint32_t seed, uint64_t tick_ns);

/* Raise ticks of which the first is late_ns late by the guest's clock; several coalesce to one. */
void clock_raise_ticks(struct guest *guest, uint64_t late_ns, uint64_t tick_ns);

/* The same of a guest for which nothing is pending; most often it is one tick. late_ns: below 0: it is early. */
static inline void clock_raise_first_tick(struct guest *guest, int64_t late_ns, uint64_t tick_ns)
{
    if (late_ns >= (int64_t)tick_ns || guest->state.clock.seed) {
        clock_raise_ticks(guest, late_ns > 0 ? (uint64_t)late_ns : 0, tick_ns);
        return;
    }
    guest->state.clock.next_tick_ns += tick_ns;
    guest->state.virq.pending |= VIRQ_MASK(VIRQ_TIMER);
}

/*
 * Raise the ticks that fell due, of a guest that does not wait from now on. tick_ns: length of a tick. Returns when the
 * next one will be due.
 */
static inline uint64_t clock_update(struct guest *guest, uint64_t now_ns, uint64_t tick_ns)
{
    uint64_t due_ns = clock_settled_tick_ns(guest);

    if (now_ns < due_ns)
        return due_ns;
    clock_raise_ticks(guest, now_ns - due_ns, tick_ns);
    return clock_settled_tick_ns(guest);
}

#endif
