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
    tick_set_alarm_in(turn, tick_alarm_tsc(turn) - tsc);
    return !virq_is_deliverable(&guest->state.virq) || tick_from_guest(guest);
}
