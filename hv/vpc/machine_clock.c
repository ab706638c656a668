/*
 * machine_clock.c - what time it is for a virtual PC that is a guest, and when one that the processor executes is left.
 */
#include "cpu/insn.h"
#include "guest/clock.h"
#include "guest/guest.h"
#include "guest/processor.h"
#include "guest/tick.h"
#include "irq/timer.h"
#include "irq/tsc_watch.h"
#include "vpc/machine_parts.h"

uint64_t machine_now_ns(void *owner)
{
    const struct guest *guest = owner;
    const struct machine *machine = guest->machine;

    return machine->is_still ? machine->stands_at_ns
                             : timer_now_ns() - clock_settled_lag_ns(guest) - machine->origin_ns;
}

/* What its guest's clock has stood still, in ticks. */
static uint64_t lag_tsc(const struct guest *guest)
{
    return timer_span_tsc(clock_settled_lag_ns(guest));
}

static uint64_t host_tsc(void)
{
    return insn_rdtsc();
}

void machine_start_clock(struct guest *guest, uint64_t shown_ns, uint64_t shown_tsc)
{
    struct machine *machine = guest->machine;
    uint64_t tsc = insn_rdtsc();

    machine->origin_ns = timer_ns_at(tsc) - clock_settled_lag_ns(guest) - shown_ns;
    machine->origin_tsc = tsc - lag_tsc(guest) - shown_tsc;
    machine->left_at_tsc = shown_tsc;
    machine->is_still = false;
}

/* Counters wrap, so the earlier of two is less than half their range behind. */
static uint64_t shown_tsc_at(const struct guest *guest, uint64_t tsc)
{
    const struct machine *machine = guest->machine;
    uint64_t shown = tsc - lag_tsc(guest) - machine->origin_tsc;

    return (int64_t)(shown - machine->left_at_tsc) < 0 ? machine->left_at_tsc : shown;
}

uint64_t machine_now_tsc(const struct guest *guest)
{
    const struct machine *machine = guest->machine;

    return machine->is_still ? machine->stands_at_tsc : shown_tsc_at(guest, insn_rdtsc());
}

/* Where the host's counter is not steady, or time is the count of instructions, the PC's counts nanoseconds. */
void machine_turn_begins(struct guest *guest)
{
    struct machine *machine = guest->machine;
    struct vpc_clock *clock = &machine->vpc.clock;
    uint64_t tsc = insn_rdtsc();

    clock->host_tsc = tsc_is_steady() && !clock->is_counted ? host_tsc : NULL;
    clock->tsc_offset = shown_tsc_at(guest, tsc) - tsc;
}

void machine_turn_ends(struct guest *guest)
{
    struct machine *machine = guest->machine;

    machine->left_at_tsc = insn_rdtsc() + machine->vpc.clock.tsc_offset;
}

void machine_set_alarm(void *owner, uint64_t due_ns)
{
    const struct guest *guest = owner;
    const struct turn *turn = &guest->processor->turn;
    uint64_t now_ns = machine_now_ns(owner), tsc = insn_rdtsc(), until_tsc = tick_alarm_tsc(turn);
    uint64_t left_ns = due_ns > now_ns ? due_ns - now_ns : 0;

    if (left_ns < MACHINE_LOOK_NS && tsc + timer_span_tsc(left_ns) < until_tsc)
        until_tsc = tsc + timer_span_tsc(left_ns);
    tick_set_alarm_in(turn, until_tsc > tsc ? until_tsc - tsc : 0);
}
