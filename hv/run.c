/*
 * run.c - schedule, enter, why did it come back: the loop that gives guests their turns.
 *
 * A pass gives one guest a turn. A turn ends with a host interrupt that means more than the guest's own tick, or
 * when the guest has nothing more to do; traps in between are answered without leaving run_turn. Between turns all else
 * is served, when it is due: service.c.
 */
#include "run.h"

#include <stddef.h>
#include <stdint.h>

#include "base/boot_phases.h"
#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "guest/clock.h"
#include "guest/guest.h"
#include "guest/processor.h"
#include "guest/sched.h"
#include "guest/switch.h"
#include "io/console.h"
#include "irq/irq.h"
#include "irq/timer.h"
#include "irq/tsc_watch.h"
#include "monitor/loop_figures.h"
#include "monitor/monitor.h"
#include "guest/tick.h"
#include "service.h"
#include "trap.h"

#define NS_PER_MS 1000000ull

static uint64_t tick_ns;                    /* length of a guest's tick */

/* The way of a key ends here: seen where a turn begins, or a little too late where it ends. */
static void measure_key(struct guest *guest, unsigned keys_before)
{
    if (guest->console.key_ns == 0 || guest->state.virq.key_count == keys_before)
        return;
    figures_key(timer_now_ns() - guest->console.key_ns);
    guest->console.key_ns = 0;
}

/* Has it printed? Output that nobody sees now is drawn as a whole when somebody does. */
static bool note_output(struct processor *processor, struct guest *guest)
{
    struct vcon *vcon = &guest->console.vcon;

    if (!tick_guest_has_printed(&processor->turn, guest))
        return false;
    vcon_settle(vcon);
    if (&guest->console != console_in_view())
        vcon->dirty_rows = 0;
    service.must_look |= vcon->log != NULL || &guest->console == console_in_view();
    return true;
}

/* Returns the TSC at the end of the turn, where the next one begins. */
static uint64_t end_turn(struct processor *processor, struct guest *guest)
{
    uint64_t tsc = insn_rdtsc();

    figures_alarm_late(tick_turn_ends(&processor->turn, guest, tsc));
    if (note_output(processor, guest))
        tsc = insn_rdtsc();         /* whoever prints pays for it */
    /* The serial line is slower than this guest prints: it waits, others run. */
    if (guest->life.activity == GUEST_READY && rowlog_is_full(&guest->row_log))
        guest->life.activity = GUEST_BLOCKED;
    service.must_look |= guest->life.activity == GUEST_BLOCKED || guest->life.activity == GUEST_ENDED;
    sched_turn_ends(&processor->sched, guest, timer_ns_at(tsc));
    return tsc;
}

/* now_ns is the time at tsc. Returns the TSC at the turn's end. */
static uint64_t run_turn(struct processor *processor, struct guest *guest, uint64_t tsc, uint64_t now_ns)
{
    uint64_t other_ns = earlier(earlier(service.look_ns, sched_slice_end(&processor->sched, now_ns)),
                                sched_next_wake_ns(&processor->sched));

    figures_turn();
    sched_turn_begins(guest, now_ns);
    uint64_t tick_at_ns = clock_update(guest, now_ns, tick_ns);
    vcon_set_time(&guest->console.vcon, now_ns);
    switch_to(processor, guest);
    tick_turn_begins(&processor->turn, guest, tsc, tick_at_ns, other_ns);
    unsigned keys = guest->state.virq.key_count;
    bool enters = trap_may_enter(guest);
    measure_key(guest, keys);
    keys = guest->state.virq.key_count;
    if (boot_phases_open && enters)
        boot_phases_end(insn_rdtsc());
    if (enters)
        guest_enter(&guest->state.frame);
    else
        insn_sti_nop_cli();     /* a long call goes on, and the guest does not run before: there is no other moment */
    measure_key(guest, keys);
    return end_turn(processor, guest);
}

static void idle(const struct sched *sched)
{
    uint64_t alarm_ns = earlier(service.asked_ns, sched_next_wake_ns(sched));

    if (alarm_ns == UINT64_MAX)
        timer_cancel_alarm();
    else
        timer_set_alarm(alarm_ns);
    boot_phases_cancel();
    insn_sti_hlt_cli();
    if (tsc_is_watched())
        tsc_watch_look(true);
    figures_idle_wake();
    uint64_t now_ns = timer_now_ns();
    if (now_ns > alarm_ns)
        figures_alarm_late(now_ns - alarm_ns);
}

void run_forever(struct processor *processor, bool poll_input)
{
    struct sched *sched = &processor->sched;
    uint64_t tsc = insn_rdtsc();

    service_init(poll_input);
    sched->tick_ns = tick_ns = monitor_tick_ms() * NS_PER_MS;
    tick_init(&processor->turn, tick_ns);
    if (tsc_is_watched())
        tick_use_run_loop();            /* by which a tick is in time whatever the TSC's rate is by then */
    for (;;) {
        uint64_t now_ns = timer_ns_at(tsc);
        service.must_look |= irq_take_input();
        if (service_is_due(now_ns)) {
            service_look(sched, now_ns);
            tsc = insn_rdtsc();
            now_ns = timer_ns_at(tsc);
        }
        sched_wake_due(sched, now_ns);
        struct guest *next = sched_pick(sched);
        if (next) {
            tsc = run_turn(processor, next, tsc, now_ns);
        } else {
            if (service.must_look)
                insn_sti_nop_cli();     /* nobody's turn is there to let interrupts in */
            else
                idle(sched);
            tsc = insn_rdtsc();
        }
    }
}
