/*
 * tsc_watch.h - the TSC against a clock that cannot be wrong: where it may stop, jump or change its rate, it is
 * watched, and when it does, time is the other clock's.
 */
#ifndef IRQ_TSC_WATCH_H
#define IRQ_TSC_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct reference;

/*
 * Called by irq_init once the clock runs. A TSC is watched whose processor does not call it invariant (SDM vol. 3
 * "Invariant TSC"), but not under a hypervisor, which answers for the TSC that it shows; the reference must not come
 * around within four seconds, which HPET and PM timer do not.
 */
void tsc_watch_begin(const struct reference *reference);

/* When tsc_watch_look is wanted next, as timer_now_ns counts; UINT64_MAX: never, the TSC is not watched. */
extern uint64_t tsc_watch_next_ns;

static inline bool tsc_is_watched(void)
{
    return tsc_watch_next_ns != UINT64_MAX;
}

/*
 * Compare the two for the time since the last call; the first difference is logged, and from then on each call puts the
 * clock right. has_rested: the processor was halted meanwhile, where a TSC may stop. Not for a TSC that is not watched.
 */
void tsc_watch_look(bool has_rested);

/* Whether it was caught being wrong. */
bool tsc_is_unsteady(void);

/* Somebody answers for it: the processor calls it invariant, or a hypervisor shows it. Settled by tsc_watch_begin. */
bool tsc_is_steady(void);

#endif
