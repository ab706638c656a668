/*
 * tick.h - the ticks of the guest that has its turn, without a way through the run loop.
 */
#ifndef GUEST_TICK_H
#define GUEST_TICK_H

#include <stdbool.h>
#include <stdint.h>

struct guest;

/* A turn's deadlines, and what tick.c needs at hand for them. lean_tick.S knows this. */
struct turn {
    uint64_t tick_tsc, other_tsc;       /* each less early_tsc */
    uint64_t lean_window_tsc;           /* how late lean_tick.S takes a tick; 0: not at all, the APIC is no memory */
    uint64_t period_tsc, early_tsc;
    uint64_t count_per_tsc_32;          /* of the APIC's timer */
    uint64_t tick_at_ns, period_ns;     /* wall clock, of the tick that is next */
    volatile uint32_t *apic;
    uint32_t revision;                  /* of the guest's console when the turn began */
    uint64_t window_tsc, first_at_ns;   /* first_at_ns: tick_at_ns when the turn began */
};

/* Before a processor's first turn, once the clock is calibrated; tick_ns: length of a tick. */
void tick_init(struct turn *turn, uint64_t tick_ns);

/* From now on every tick on this processor goes through the run loop: where clock.h moves them, it alone knows when. */
void tick_use_run_loop(void);

/*
 * Set the alarm for a turn of this guest that began at this TSC: for its ticks, of which the first comes at tick_at_ns,
 * and for other_ns, when somebody else is due. Until then a tick of its own, which is all that is due, does not end its
 * turn.
 */
void tick_turn_begins(struct turn *turn, struct guest *guest, uint64_t tsc, uint64_t tick_at_ns, uint64_t other_ns);

/*
 * The guest's clock goes on from the ticks it had. Returns how far the alarm that ended the turn is past at this TSC,
 * in ns; 0: something else ended it.
 */
uint64_t tick_turn_ends(const struct turn *turn, struct guest *guest, uint64_t tsc);

/* Its console shows something else than when its turn began. */
bool tick_guest_has_printed(const struct turn *turn, const struct guest *guest);

#endif
