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
#include "hypercall/dispatch.h"
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

/* By both clocks. */
struct moment {
    uint64_t tsc, ns;
};

static uint64_t tick_ns;                    /* length of a guest's tick */

static inline struct moment moment_now(void)
{
    uint64_t tsc = insn_rdtsc();
    return (struct moment){ tsc, timer_ns_at(tsc) };
}

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
    if (vcon->log != NULL || &guest->console == console_in_view()) {
        service_ask(processor->sched.ready.count != 0);
        guest_stir(guest);
        guest->turns.owes_look = true;
    }
    return true;
}

/* A turn ended that its guest did not end by a HLT: at an alarm, perhaps. tsc: when. */
static void note_end(const struct processor *processor, struct guest *guest, uint64_t tsc)
{
    figures_alarm_late(tick_alarm_late_ns(&processor->turn, tsc));
    /* The serial line is slower than this guest prints: it waits, others run. */
    if (guest->life.activity == GUEST_READY && rowlog_is_full(&guest->row_log))
        guest->life.activity = GUEST_BLOCKED;
    if (guest->life.activity != GUEST_BLOCKED && guest->life.activity != GUEST_ENDED)
        return;
    guest_stir(guest);
    service_ask(processor->sched.ready.count != 0);
}

/* Returns the moment at the end of the turn, where the next one begins. */
static struct moment end_turn(struct processor *processor, struct guest *guest)
{
    struct moment now = moment_now();
    uint64_t ended_tsc = now.tsc;

    tick_turn_ends(&processor->turn, guest);
    if (note_output(processor, guest)) {
        if (hypercall_is_unfinished(guest))
            insn_sti_nop_cli();     /* what it printed has been drawn into cells: interrupts need not wait for more */
        now = moment_now();         /* whoever prints pays for it */
    }
    if (guest->life.activity != GUEST_HALTED)
        note_end(processor, guest, ended_tsc);
    sched_turn_ends(&processor->sched, guest, now.ns);
    return now;
}

/* Until its turn is over. The way of a key ends where it is delivered. */
static void enter_guest(struct guest *guest)
{
    unsigned keys = guest->state.virq.key_count;
    bool enters = trap_may_enter(guest);

    measure_key(guest, keys);
    keys = guest->state.virq.key_count;
    if (boot_phases_open && enters)
        boot_phases_end(insn_rdtsc());
    if (enters)
        insn_call_entry(guest_enter, &guest->state.frame);
    else
        insn_sti_nop_cli();     /* a long call goes on, and the guest does not run before: there is no other moment */
    measure_key(guest, keys);
}

/* Returns the moment of the turn's end. */
static struct moment run_turn(struct processor *processor, struct guest *guest, struct moment now)
{
    uint64_t other_ns = earlier(service.look_ns, sched_turn_end(&processor->sched, guest, now.ns));

    figures_turn();
    uint64_t tick_at_ns = clock_update(guest, now.ns, tick_ns);
    vcon_set_time(&guest->console.vcon, now.ns);
    if (processor->loaded != guest)
        switch_to(processor, guest);
    tick_turn_begins(&processor->turn, guest, now.tsc, now.ns, tick_at_ns, other_ns);
    if (tick_is_all(guest))
        insn_call_entry(guest_enter_tick, &guest->state.frame);
    else
        enter_guest(guest);
    return end_turn(processor, guest);
}

/* Nobody has anything to do: wait for an interrupt. alarm_ns: when somebody will. */
static void wait_idle(const struct turn *turn, struct moment now, uint64_t alarm_ns)
{
    tick_set_idle_alarm(turn, now.ns, alarm_ns);
    boot_phases_cancel();
    insn_sti_hlt_cli();
    if (tsc_is_watched())
        tsc_watch_look(true);
    figures_idle_wake();
}

/* Nobody wants the processor. Returns the moment when somebody may. */
static struct moment idle(struct processor *processor, struct moment now)
{
    uint64_t alarm_ns = earlier(service.asked_ns, sched_next_wake_ns(&processor->sched));

    if (service.must_look) {
        insn_sti_nop_cli();             /* nobody's turn is there to let interrupts in */
        return moment_now();
    }
    wait_idle(&processor->turn, now, alarm_ns);
    now = moment_now();
    if (now.ns > alarm_ns)
        figures_alarm_late(now.ns - alarm_ns);
    return now;
}

void run_forever(struct processor *processor, bool poll_input)
{
    struct sched *sched = &processor->sched;
    struct moment now = moment_now();

    service_init(poll_input);
    sched->tick_ns = tick_ns = monitor_tick_ms() * NS_PER_MS;
    tick_init(&processor->turn, tick_ns);
    if (tsc_is_watched())
        tick_use_run_loop();            /* by which a tick is in time whatever the TSC's rate is by then */
    for (;;) {
        service.must_look |= irq_take_input();
        if (service_is_due(now.ns)) {
            service_look(sched, now.ns);
            now = moment_now();
        }
        struct guest *next = sched_next(sched, now.ns);
        if (next)
            now = run_turn(processor, next, now);
        else
            now = idle(processor, now);
    }
}
