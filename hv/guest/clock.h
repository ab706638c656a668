/*
 * clock.h - a guest's clock and its 10 ms ticks: the wall clock, or with clock=run one that stands still while it
 * waits.
 */
#ifndef GUEST_CLOCK_H
#define GUEST_CLOCK_H

#include <stdint.h>

struct guest;

/* Raise the ticks that fell due; several coalesce to one. tick_ns: length of a tick. */
void clock_update(struct guest *guest, uint64_t now_ns, uint64_t tick_ns);

/* When its next tick falls due by the wall clock, if it runs or halts until then. */
uint64_t clock_next_tick_ns(const struct guest *guest, uint64_t now_ns);

#endif
