/*
 * run.c - schedule, enter, why did it come back: the loop of the whole hypervisor.
 *
 * A pass gives one guest a turn. A turn ends with a host interrupt that means more than the guest's own tick, or
 * when the guest has nothing more to do; traps in between are answered without leaving run_turn. Between turns the loop
 * looks around when there is something to see: input, output of guests, time for the monitor. Only a look costs more
 * the more guests there are.
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
#include "guest/request.h"
#include "guest/sched.h"
#include "guest/switch.h"
#include "hypercall/dispatch.h"
#include "io/console.h"
#include "io/input.h"
#include "io/serial.h"
#include "irq/irq.h"
#include "irq/timer.h"
#include "monitor/loop_figures.h"
#include "monitor/monitor.h"
#include "guest/tick.h"
#include "trap.h"

#define NS_PER_MS 1000000ull
#define POLL_NS (10 * NS_PER_MS)
#define DRAIN_NS (1 * NS_PER_MS)
#define SETTLE_NS (20 * NS_PER_MS)          /* rows are logged once they have been still: rowlog.c */
#define STARTS 16               /* of guests in a look: some 0.03 ms of the counting machine each */
#define LOST_NS (1000 * NS_PER_MS)          /* an edge of an interrupt line that got lost must not cost a key */

static bool poll_input;
static uint64_t tick_ns;                    /* length of a guest's tick */
static bool must_look;                      /* a guest ended, printed, or waits for the serial line */
static uint64_t look_ns;                    /* when to look around at the latest */
static uint64_t asked_ns;                   /* the same, by those who asked for it: not for fear of a lost edge */
static bool looks_again;                    /* only to see what came of the look before */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The way of a key ends here: seen where a turn begins, or a little too late where it ends. */
static void measure_key(struct guest *guest, unsigned keys_before)
{
    if (guest->state.virq.key_count == keys_before || guest->console.key_ns == 0)
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
    must_look |= vcon->log != NULL || &guest->console == console_in_view();
    return true;
}

/* Returns the TSC at the end of the turn, where the next one begins. */
static uint64_t end_turn(struct processor *processor, struct guest *guest)
{
    uint64_t tsc = insn_rdtsc();

    figures_alarm_late(tick_turn_ends(&processor->turn, guest, tsc));
    if (note_output(processor, guest)) {
        if (hypercall_is_unfinished(guest))
            insn_sti_nop_cli();     /* the guest does not run before its print goes on: there is no other moment */
        tsc = insn_rdtsc();         /* whoever prints pays for it */
    }
    /* The serial line is slower than this guest prints: it waits, others run. */
    if (guest->life.activity == GUEST_READY && rowlog_is_full(&guest->row_log))
        guest->life.activity = GUEST_BLOCKED;
    must_look |= guest->life.activity == GUEST_BLOCKED || guest->life.activity == GUEST_ENDED;
    sched_turn_ends(&processor->sched, guest, timer_ns_at(tsc));
    return tsc;
}

/* now_ns is the time at tsc. Returns the TSC at the turn's end. */
static uint64_t run_turn(struct processor *processor, struct guest *guest, uint64_t tsc, uint64_t now_ns)
{
    uint64_t other_ns = earlier(earlier(look_ns, sched_slice_end(&processor->sched, now_ns)),
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
    measure_key(guest, keys);
    return end_turn(processor, guest);
}

/* Who waited for the serial line goes on. True: somebody still waits. */
static bool wake_blocked(const struct sched *sched, uint64_t now_ns)
{
    bool waits = false;

    for (struct guest *guest = guest_first(); guest; guest = guest->next) {
        if (guest->life.activity == GUEST_BLOCKED && !rowlog_is_full(&guest->row_log))
            sched_wake(sched, guest, now_ns);
        waits |= guest->life.activity == GUEST_BLOCKED;
    }
    return waits;
}

/* Rows for the stream will have been still for long enough at some time to come. */
static bool rows_wait(void)
{
    for (struct guest *guest = guest_first(); guest; guest = guest->next)
        if (rowlog_waits(&guest->row_log))
            return true;
    return false;
}

/* Pull input, let the monitor do what is due, draw what changed; then say when to look again. */
static void look(struct sched *sched, uint64_t now_ns)
{
    looks_again = !looks_again && (must_look || now_ns >= asked_ns);
    must_look = false;
    input_pump(now_ns);
    monitor_pump(now_ns);
    must_look |= request_serve(STARTS, now_ns);     /* whoever asked looks at what came of it */
    bool output_waits = console_output_pump(now_ns);
    size_t space = serial_tx_space();
    output_waits |= serial_pump();
    output_waits |= serial_tx_space() != space;     /* there is room for more now, where it all came from */

    now_ns = timer_now_ns();
    output_waits |= wake_blocked(sched, now_ns);
    sched_sync(sched, now_ns);
    asked_ns = earlier(earlier(monitor_next_ns(now_ns), input_next_ns()), console_next_ns());
    if (output_waits)
        asked_ns = earlier(asked_ns, now_ns + DRAIN_NS);
    if (poll_input || looks_again)
        asked_ns = earlier(asked_ns, now_ns + POLL_NS);
    if (rows_wait())
        asked_ns = earlier(asked_ns, now_ns + SETTLE_NS);
    look_ns = asked_ns;
    if (sched_pick(sched) || sched_next_wake_ns(sched) != UINT64_MAX)
        look_ns = earlier(asked_ns, now_ns + LOST_NS);
}

static void idle(const struct sched *sched)
{
    uint64_t alarm_ns = earlier(asked_ns, sched_next_wake_ns(sched));

    if (alarm_ns == UINT64_MAX)
        timer_cancel_alarm();
    else
        timer_set_alarm(alarm_ns);
    boot_phases_cancel();
    insn_sti_hlt_cli();
    figures_idle_wake();
    uint64_t now_ns = timer_now_ns();
    if (now_ns > alarm_ns)
        figures_alarm_late(now_ns - alarm_ns);
}

void run_forever(struct processor *processor, bool poll)
{
    struct sched *sched = &processor->sched;
    uint64_t tsc = insn_rdtsc();

    poll_input = poll;
    sched->tick_ns = tick_ns = monitor_tick_ms() * NS_PER_MS;
    tick_init(&processor->turn, tick_ns);
    for (;;) {
        uint64_t now_ns = timer_ns_at(tsc);
        must_look |= irq_take_input();
        if (must_look || now_ns >= look_ns) {
            look(sched, now_ns);
            tsc = insn_rdtsc();
            now_ns = timer_ns_at(tsc);
        }
        sched_wake_due(sched, now_ns);
        struct guest *next = sched_pick(sched);
        if (next) {
            tsc = run_turn(processor, next, tsc, now_ns);
        } else {
            if (!must_look)
                idle(sched);
            tsc = insn_rdtsc();
        }
    }
}
