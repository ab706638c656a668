/*
 * give_way.h - guests that spin where they could halt (PURE): they have the processor taken from them until their next
 * interrupt, as if they had executed HLT.
 *
 * Whether a guest does nothing is proved (idle_loop.h), between turns, where all its registers are at hand: turns and
 * ticks cost no instruction more for it. A guest that was found so once is looked at again soon after each interrupt.
 */
#ifndef GUEST_GIVE_WAY_H
#define GUEST_GIVE_WAY_H

#include <stdint.h>

struct sched;

/*
 * Take the processor from those that spin, and give it back to those for whom something came. Bound: who wants the
 * processor or spins is passed over, and GIVE_WAY_PROOFS are proved to spin or not. In no guest's turn, before
 * sched_sync. Returns when to be asked again at the latest; UINT64_MAX: whenever somebody else wants a look.
 */
#define GIVE_WAY_PROOFS 8u
uint64_t give_way(const struct sched *sched, uint64_t now_ns);

#endif
