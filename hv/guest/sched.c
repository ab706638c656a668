/*
 * sched.c - fair scheduling by virtual time: the processor time a guest has used, levelled when it sleeps.
 */
#include "guest/sched.h"

#include <stddef.h>

#include "guest/guest.h"

#define SLICE_MAX_NS 10000000ull
#define SLICE_MIN_NS 1000000ull

static uint64_t floor_ns;           /* virtual time of the guest picked last: never goes back */
static unsigned runnable_count;     /* at the last sched_pick */

struct guest *sched_pick(void)
{
    struct guest *best = NULL;
    runnable_count = 0;
    for (struct guest *guest = guest_first(); guest; guest = guest->next) {
        if (guest->state != GUEST_READY || guest->paused)
            continue;
        runnable_count++;
        if (!best || guest->virtual_ns < best->virtual_ns)
            best = guest;
    }
    return best;
}

uint64_t sched_slice_end(uint64_t now_ns)
{
    if (runnable_count < 2)
        return UINT64_MAX;
    uint64_t slice_ns = SLICE_MAX_NS / runnable_count;
    return now_ns + (slice_ns < SLICE_MIN_NS ? SLICE_MIN_NS : slice_ns);
}

void sched_turn_begins(struct guest *guest, uint64_t now_ns)
{
    guest->waited_ns += sched_waiting_ns(guest, now_ns);
    guest->ready_since_ns = now_ns;
    guest->turn_began_ns = now_ns;
    if (guest->virtual_ns + SLICE_MAX_NS < floor_ns)
        guest->virtual_ns = floor_ns;   /* new, or back from a pause */
    if (guest->virtual_ns > floor_ns)
        floor_ns = guest->virtual_ns;
}

void sched_turn_ends(struct guest *guest, uint64_t now_ns)
{
    uint64_t used_ns = now_ns - guest->turn_began_ns;
    guest->run_ns += used_ns;
    guest->virtual_ns += used_ns;
    guest->ready_since_ns = now_ns;
}

void sched_wake(struct guest *guest, uint64_t now_ns)
{
    uint64_t credit_ns = floor_ns > SLICE_MIN_NS ? floor_ns - SLICE_MIN_NS : 0;
    if (guest->virtual_ns < credit_ns)
        guest->virtual_ns = credit_ns;
    guest->state = GUEST_READY;
    guest->ready_since_ns = now_ns;
}

uint64_t sched_waiting_ns(const struct guest *guest, uint64_t now_ns)
{
    return now_ns > guest->ready_since_ns ? now_ns - guest->ready_since_ns : 0;
}
