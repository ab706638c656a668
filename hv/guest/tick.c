/*
 * tick.c - the timer interrupt of a running guest: one look at the clock, and back.
 *
 * A turn has two deadlines: the guest's own next tick, and whatever else is due first. They are kept in TSC ticks, so
 * that nothing is converted, let alone divided, on the way. Deadlines are kept a little early: an alarm whose clock
 * runs a trifle fast must not cost another interrupt.
 */
#include "guest/tick.h"

#include <stddef.h>

#include "cpu/entry_calls.h"
#include "cpu/insn.h"
#include "guest/clock.h"
#include "guest/deliver.h"
#include "guest/guest.h"
#include "guest/lean.h"
#include "guest/inject.h"
#include "guest/lean_tick.h"
#include "guest/processor.h"
#include "irq/irq.h"
#include "irq/timer.h"

#define EARLY_NS 5000ull
#define LATE_MAX_NS 200000ull       /* later than this is for the run loop, which counts ticks and keeps the figures */
#define OTHER_MAX_NS 1000000000ull

#define AT(offset, field) _Static_assert((offset) == offsetof(struct processor, turn.field), #field)
AT(TURN_TICK, tick_tsc);
AT(TURN_OTHER, other_tsc);
AT(TURN_LEAN_WINDOW, lean_window_tsc);
AT(TURN_PERIOD, period_tsc);
AT(TURN_EARLY, early_tsc);
AT(TURN_COUNT_PER_TSC, count_per_tsc_32);
AT(TURN_TICK_AT, tick_at_ns);
AT(TURN_PERIOD_NS, period_ns);
AT(TURN_APIC, apic);
AT(TURN_REVISION, revision);
_Static_assert(LEAN_PROCESSOR == offsetof(struct guest, processor), "struct guest");
_Static_assert(LEAN_VIRQ_COALESCED == offsetof(struct guest, state.virq.ticks_coalesced), "struct virq");
_Static_assert(LEAN_NOW == offsetof(struct guest, console.vcon.now_ns), "struct vcon");
_Static_assert(LEAN_REVISION == offsetof(struct guest, console.vcon.revision), "struct vcon");

bool tick_guest_has_printed(const struct turn *turn, const struct guest *guest)
{
    return guest->console.vcon.revision != turn->revision;
}

/* When the alarm is to come. */
static uint64_t next_tsc(const struct turn *turn)
{
    uint64_t early = turn->tick_tsc < turn->other_tsc ? turn->tick_tsc : turn->other_tsc;
    return early + turn->early_tsc;
}

/* What irq and timer do, without the calls where the APIC's registers are memory. */
static void set_alarm_in(const struct turn *turn, uint64_t span_tsc)
{
    if (turn->apic)     /* rounded up: too early would cost another one */
        turn->apic[APIC_REG_TIMER_INITIAL / 4] =
            (uint32_t)timer_multiply_32(span_tsc, turn->count_per_tsc_32) + 1;
    else
        timer_set_alarm_in(span_tsc);
}

static void acknowledge(const struct turn *turn)
{
    if (turn->apic)
        turn->apic[APIC_REG_EOI / 4] = 0;
    else
        irq_acknowledge(VECTOR_TIMER);
}

void tick_init(struct turn *turn, uint64_t tick_ns)
{
    turn->period_ns = tick_ns;
    turn->period_tsc = timer_span_tsc(tick_ns);
    turn->early_tsc = timer_span_tsc(EARLY_NS);
    turn->window_tsc = timer_span_tsc(EARLY_NS + LATE_MAX_NS);
    bool by_hand = timer_alarm_by_hand(&turn->apic, &turn->count_per_tsc_32);
    turn->lean_window_tsc = by_hand ? turn->window_tsc : 0;
}

void tick_use_run_loop(void)
{
    struct turn *turn = &processor_this()->turn;

    turn->window_tsc = turn->lean_window_tsc = 0;
}

void tick_turn_begins(struct turn *turn, struct guest *guest, uint64_t tsc, uint64_t tick_at_ns, uint64_t other_ns)
{
    uint64_t now_ns = guest->turns.began_ns;
    uint64_t other_span_ns = other_ns > now_ns ? other_ns - now_ns : 0;

    if (other_span_ns > OTHER_MAX_NS)       /* what is too far to be converted */
        other_span_ns = OTHER_MAX_NS;
    /*
     * first_at_ns stays: by what tick_at_ns has moved on at the end, ticks were taken that the guest's clock has yet to
     * hear of.
     */
    turn->first_at_ns = turn->tick_at_ns = tick_at_ns;
    turn->tick_tsc = tsc + timer_span_tsc(tick_at_ns - now_ns) - turn->early_tsc;
    turn->other_tsc = tsc + timer_span_tsc(other_span_ns) - turn->early_tsc;
    turn->revision = guest->console.vcon.revision;
    set_alarm_in(turn, next_tsc(turn) - tsc);
}

uint64_t tick_turn_ends(const struct turn *turn, struct guest *guest, uint64_t tsc)
{
    uint64_t alarm_tsc = next_tsc(turn);

    guest->state.clock.next_tick_ns += turn->tick_at_ns - turn->first_at_ns;
    return tsc > alarm_tsc ? timer_span_ns(tsc - alarm_tsc) : 0;
}

/* The tick is there and can be delivered. False: it could not, and the guest ended. */
bool tick_from_guest(struct guest *guest)
{
    deliver_pending(guest);
    return guest->life.activity == GUEST_READY;
}

/* The timer's interrupt, where lean_tick.S gives up. True: the guest goes on; false: the run loop must look around. */
bool timer_from_guest(struct guest *guest)
{
    struct turn *turn = &guest->processor->turn;

    acknowledge(turn);
    uint64_t tsc = insn_rdtsc();
    /*
     * One unsigned comparison for too early and too late: before tick_tsc the difference is huge. A late tick may be
     * more than one, which clock_update counts; something else that is due, and output, are the run loop's.
     */
    if (tsc - turn->tick_tsc >= turn->window_tsc ||
        tsc >= turn->other_tsc || tick_guest_has_printed(turn, guest))
        return false;
    virq_raise_tick(&guest->state.virq);
    vcon_set_time(&guest->console.vcon, turn->tick_at_ns);
    turn->tick_at_ns += turn->period_ns;
    turn->tick_tsc += turn->period_tsc;
    set_alarm_in(turn, next_tsc(turn) - tsc);
    return !virq_is_deliverable(&guest->state.virq) || tick_from_guest(guest);
}
