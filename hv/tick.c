/*
 * tick.c - the timer interrupt of a running guest: one look at the clock, and back.
 *
 * A turn has two deadlines: the guest's own next tick, and whatever else is due first. They are kept in TSC ticks, so
 * that nothing is converted, let alone divided, on the way. Deadlines are kept a little early: an alarm whose clock
 * runs a trifle fast must not cost another interrupt.
 */
#include "tick.h"

#include "cpu/insn.h"
#include "guest/clock.h"
#include "guest/deliver.h"
#include "guest/guest.h"
#include "irq/irq.h"
#include "irq/timer.h"

#define EARLY_NS 5000ull
#define LATE_MAX_NS 200000ull       /* later than this is for the run loop, which counts ticks and keeps the figures */
#define OTHER_MAX_NS 1000000000ull

static struct turn {
    uint64_t tick_tsc, other_tsc;   /* each less early_tsc */
    uint64_t period_tsc, early_tsc, window_tsc;
    uint64_t tick_at_ns, period_ns; /* wall clock, of the tick that is next */
    unsigned cursor;
} turn;

static unsigned cursor_of(const struct guest *guest)
{
    return guest->console.vcon.row * 256u + guest->console.vcon.column;
}

bool tick_guest_has_printed(const struct guest *guest)
{
    const struct vcon *vcon = &guest->console.vcon;
    return !vcon_is_settled(vcon) || vcon->dirty_rows != 0 || cursor_of(guest) != turn.cursor;
}

static void set_alarm(uint64_t tsc)
{
    uint64_t next_tsc = turn.tick_tsc < turn.other_tsc ? turn.tick_tsc : turn.other_tsc;
    timer_set_alarm_in(next_tsc + turn.early_tsc - tsc);
}

/* From now_ns to at_ns, neither in the past nor too far to be converted. */
static uint64_t span_tsc(uint64_t now_ns, uint64_t at_ns)
{
    uint64_t span_ns = at_ns > now_ns ? at_ns - now_ns : 0;
    return timer_span_tsc(span_ns < OTHER_MAX_NS ? span_ns : OTHER_MAX_NS);
}

void tick_turn_begins(struct guest *guest, uint64_t other_ns, uint64_t tick_ns)
{
    uint64_t tsc = insn_rdtsc(), now_ns = timer_ns_at(tsc);

    if (turn.period_ns != tick_ns) {
        turn.period_ns = tick_ns;
        turn.period_tsc = timer_span_tsc(tick_ns);
        turn.early_tsc = timer_span_tsc(EARLY_NS);
        turn.window_tsc = timer_span_tsc(EARLY_NS + LATE_MAX_NS);
    }
    turn.tick_at_ns = clock_next_tick_ns(guest, guest->turn_began_ns);
    turn.tick_tsc = tsc + span_tsc(now_ns, turn.tick_at_ns) - turn.early_tsc;
    turn.other_tsc = tsc + span_tsc(now_ns, other_ns) - turn.early_tsc;
    turn.cursor = cursor_of(guest);
    set_alarm(tsc);
}

uint64_t tick_turn_ends(void)
{
    uint64_t alarm_tsc = (turn.tick_tsc < turn.other_tsc ? turn.tick_tsc : turn.other_tsc) + turn.early_tsc;
    uint64_t tsc = insn_rdtsc();
    return tsc > alarm_tsc ? timer_span_ns(tsc - alarm_tsc) : 0;
}

bool timer_from_guest(struct guest *guest);

/* The timer's interrupt, straight from entry.S. True: the guest goes on; false: the run loop must look around. */
bool timer_from_guest(struct guest *guest)
{
    irq_acknowledge(IRQ_VECTOR_TIMER);
    uint64_t tsc = insn_rdtsc();
    if (tsc - turn.tick_tsc >= turn.window_tsc || tsc >= turn.other_tsc || tick_guest_has_printed(guest))
        return false;
    virq_raise_tick(&guest->virq);
    guest->next_tick_ns += turn.period_ns;
    vcon_set_time(&guest->console.vcon, turn.tick_at_ns);
    turn.tick_at_ns += turn.period_ns;
    turn.tick_tsc += turn.period_tsc;
    set_alarm(tsc);
    if (!virq_is_deliverable(&guest->virq))
        return true;
    deliver_pending(guest);
    return guest->state == GUEST_READY;
}
