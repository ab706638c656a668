/*
 * give_way.c - who spins waits (PURE).
 */
#include "guest/give_way.h"

#include "guest/clock.h"
#include "guest/guest.h"
#include "guest/idle_loop.h"
#include "guest/sched.h"

#define AGAIN_NS 100000u            /* a handler and back: 0.1 ms of the counting machine */
#define HANDLERS_MAX_NS 5000000u    /* who is not back in its loop by then has found something to do */
#define TRY_NS 100000000u           /* of one that is not known to spin */

static uint64_t sooner(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* Until something is delivered to it, it goes round in a loop. */
static bool spins(const struct guest *guest)
{
    return guest->state.virq.enabled && guest->state.unfinished.left == 0 && idle_loop_holds(guest);
}

/* Something is to be delivered when it runs. */
static bool has_event_due(const struct guest *guest, uint64_t now_ns)
{
    return virq_is_pending(&guest->state.virq) || now_ns >= clock_next_tick_ns(guest, now_ns);
}

/* It does not wait for the processor any more, so its clock goes on. */
static void take_processor(const struct sched *sched, struct guest *guest, uint64_t now_ns)
{
    guest->state.clock.waited_ns += clock_held_up_ns(guest, now_ns);
    guest->turns.ready_since_ns = now_ns;
    guest->life.activity = GUEST_SPINNING;
    guest->turns.wake_ns = clock_wake_ns(guest, sched->tick_ns);
    guest->spin.gave_way++;
    guest_stir(guest);
}

/* One that has the processor, or waits for it. When to look again. */
static uint64_t look_at_ready(const struct sched *sched, struct guest *guest, uint64_t now_ns, uint32_t *proofs)
{
    struct guest_spin *spin = &guest->spin;

    if (!spin->is_known && now_ns < spin->try_ns)
        return spin->gave_way ? spin->try_ns : UINT64_MAX;
    if (*proofs == 0)
        return spin->is_known ? now_ns + AGAIN_NS : UINT64_MAX;
    --*proofs;
    if (spins(guest)) {
        spin->is_known = true;
        spin->try_ns = now_ns;
        if (has_event_due(guest, now_ns))
            return now_ns + AGAIN_NS;
        take_processor(sched, guest, now_ns);
        return guest->turns.wake_ns;
    }
    if (spin->is_known && now_ns < spin->try_ns + HANDLERS_MAX_NS)
        return now_ns + AGAIN_NS;
    spin->is_known = false;
    spin->try_ns = now_ns + TRY_NS;
    return spin->gave_way ? spin->try_ns : UINT64_MAX;      /* for who never did, nobody comes to look */
}

static uint64_t look_at_guest(const struct sched *sched, struct guest *guest, uint64_t now_ns, uint32_t *proofs)
{
    if (guest->life.paused)
        return UINT64_MAX;
    if (guest->life.activity == GUEST_READY)
        return look_at_ready(sched, guest, now_ns, proofs);
    if (guest->life.activity != GUEST_SPINNING)
        return UINT64_MAX;
    if (!virq_is_pending(&guest->state.virq) && now_ns < guest->turns.wake_ns)
        return guest->turns.wake_ns;
    sched_wake(sched, guest, now_ns);
    guest->spin.try_ns = now_ns;
    return now_ns + AGAIN_NS;
}

/* It never was found to spin, and is not to be looked at now: nearly all that want the processor, in most looks. */
static inline bool is_passed_over(const struct guest_spin *spin, uint64_t now_ns, uint32_t proofs)
{
    return !spin->is_known && spin->gave_way == 0 && (proofs == 0 || now_ns < spin->try_ns);
}

/*
 * Bound: all that want the processor, some 12 instructions each, and all that are stirred, as who spins is, some 40.
 */
uint64_t give_way(const struct sched *sched, uint64_t now_ns)
{
    uint32_t proofs = GIVE_WAY_PROOFS;
    uint64_t again_ns = UINT64_MAX;

    for (const struct queue_place *place = sched->ready.first; place; place = place->next) {
        if (!is_passed_over(&place->guest->spin, now_ns, proofs))
            again_ns = sooner(again_ns, look_at_guest(sched, place->guest, now_ns, &proofs));
    }
    for (struct guest *guest = guest_first_stirred(); guest; guest = guest_next_stirred(guest)) {
        if (guest->turns.place.queue != &sched->ready)
            again_ns = sooner(again_ns, look_at_guest(sched, guest, now_ns, &proofs));
    }
    return again_ns;
}
