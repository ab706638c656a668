/*
 * tick.h - the ticks of the guest that has its turn, without a way through the run loop.
 */
#ifndef GUEST_TICK_H
#define GUEST_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/guest.h"
#include "irq/apic.h"
#include "irq/timer.h"

#define TICK_OTHER_MAX_NS 1000000000ull     /* a deadline further away comes early */

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

/* When a turn's alarm is to come, by the TSC. */
static inline uint64_t tick_alarm_tsc(const struct turn *turn)
{
    uint64_t early = turn->tick_tsc < turn->other_tsc ? turn->tick_tsc : turn->other_tsc;
    return early + turn->early_tsc;
}

/* What irq and timer do, without the calls where the APIC's registers are memory. */
static inline void tick_set_alarm_in(const struct turn *turn, uint64_t span_tsc)
{
    if (turn->apic)     /* rounded up: too early would cost another one */
        turn->apic[APIC_REG_TIMER_INITIAL / 4] =
            (uint32_t)timer_multiply_32(span_tsc, turn->count_per_tsc_32) + 1;
    else
        timer_set_alarm_in(span_tsc);
}

/*
 * Set the alarm for a turn of this guest that began at this TSC, which is now_ns: for its ticks, of which the first
 * comes at tick_at_ns, and for other_ns, when somebody else is due. Until then a tick of its own, which is all that is
 * due, does not end its turn.
 */
static inline void tick_turn_begins(struct turn *turn, const struct guest *guest, uint64_t tsc, uint64_t now_ns,
                                    uint64_t tick_at_ns, uint64_t other_ns)
{
    uint64_t other_span_ns = other_ns - now_ns;

    if (__builtin_expect(other_span_ns > TICK_OTHER_MAX_NS, false))     /* past, or too far to be converted */
        other_span_ns = other_ns > now_ns ? TICK_OTHER_MAX_NS : 0;
    /*
     * first_at_ns stays: by what tick_at_ns has moved on at the end, ticks were taken that the guest's clock has yet to
     * hear of.
     */
    turn->first_at_ns = turn->tick_at_ns = tick_at_ns;
    turn->tick_tsc = tsc + timer_span_tsc(tick_at_ns - now_ns) - turn->early_tsc;
    turn->other_tsc = tsc + timer_span_tsc(other_span_ns) - turn->early_tsc;
    turn->revision = guest->console.vcon.revision;
    tick_set_alarm_in(turn, tick_alarm_tsc(turn) - tsc);
}

/* Set the alarm for at_ns (UINT64_MAX: none), while nobody has a turn. now_ns: the time, or a moment ago. */
static inline void tick_set_idle_alarm(const struct turn *turn, uint64_t now_ns, uint64_t at_ns)
{
    uint64_t span_ns = at_ns - now_ns;      /* past: huge, and for timer_set_alarm as what is too far */

    if (turn->apic && span_ns < TICK_OTHER_MAX_NS)
        tick_set_alarm_in(turn, timer_span_tsc(span_ns));
    else if (at_ns == UINT64_MAX)
        timer_cancel_alarm();
    else
        timer_set_alarm(at_ns);
}

/* The guest's clock goes on from the ticks it had. */
static inline void tick_turn_ends(const struct turn *turn, struct guest *guest)
{
    guest->state.clock.next_tick_ns += turn->tick_at_ns - turn->first_at_ns;
}

/* How far the alarm that ended the turn is past at this TSC, in ns; 0: something else ended it. */
static inline uint64_t tick_alarm_late_ns(const struct turn *turn, uint64_t tsc)
{
    uint64_t alarm_tsc = tick_alarm_tsc(turn);

    return tsc > alarm_tsc ? timer_span_ns(tsc - alarm_tsc) : 0;
}

/* Its console shows something else than when its turn began. */
static inline bool tick_guest_has_printed(const struct turn *turn, const struct guest *guest)
{
    return guest->console.vcon.revision != turn->revision;
}

/*
 * A tick is all that is pending, guest kernel was interrupted and is to have it, and nothing keeps it from going on:
 * guest_enter_tick delivers it. In a build without lean paths C does: docs/testing.md.
 */
static inline bool tick_is_all(const struct guest *guest)
{
#ifdef COBBLE_LEAN
    return virq_has_tick_only(&guest->state.virq) && !guest_is_user(guest) && guest->state.unfinished.left == 0 &&
           !rowlog_is_full(&guest->row_log);
#else
    (void)guest;
    return false;
#endif
}

#endif
