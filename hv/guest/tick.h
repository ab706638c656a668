/*
 * tick.h - the ticks of the guest that has its turn, without a way through the run loop.
 */
#ifndef GUEST_TICK_H
#define GUEST_TICK_H

#include <stdbool.h>
#include <stdint.h>

struct guest;

/* Before the first turn, once the clock is calibrated; tick_ns: length of a tick. */
void tick_init(uint64_t tick_ns);

/*
 * Set the alarm for a turn of this guest that began at this TSC: for its ticks, of which the first comes at tick_at_ns,
 * and for other_ns, when somebody else is due. Until then a tick of its own, which is all that is due, does not end its
 * turn.
 */
void tick_turn_begins(struct guest *guest, uint64_t tsc, uint64_t tick_at_ns, uint64_t other_ns);

/*
 * The guest's clock goes on from the ticks it had. Returns how far the alarm that ended the turn is past at this TSC,
 * in ns; 0: something else ended it.
 */
uint64_t tick_turn_ends(struct guest *guest, uint64_t tsc);

/* Its console shows something else than when its turn began. */
bool tick_guest_has_printed(const struct guest *guest);

#endif
