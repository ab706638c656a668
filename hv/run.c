/*
 * run.c - schedule, enter, why did it come back: the loop of the whole hypervisor.
 *
 * One pass pulls input, lets the monitor do what is due, draws what changed, and gives one guest a turn. A turn ends
 * with a host interrupt or when the guest has nothing more to do; traps in between are answered without leaving
 * run_turn.
 */
#include "run.h"

#include <stddef.h>
#include <stdint.h>

#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "guest/clock.h"
#include "guest/guest.h"
#include "guest/sched.h"
#include "guest/switch.h"
#include "io/console.h"
#include "io/serial.h"
#include "irq/timer.h"
#include "monitor/figures.h"
#include "monitor/monitor.h"
#include "trap.h"

#define NS_PER_MS 1000000ull
#define POLL_NS (10 * NS_PER_MS)
#define DRAIN_NS (1 * NS_PER_MS)

/* The way of a key ends here: seen where a turn begins, or a little too late where it ends. */
static void measure_key(struct guest *guest, unsigned keys_before)
{
    if (guest->virq.key_count == keys_before || guest->console.key_ns == 0)
        return;
    figures_key(timer_now_ns() - guest->console.key_ns);
    guest->console.key_ns = 0;
}

static void run_turn(struct guest *guest, uint64_t now_ns)
{
    struct vcon *vcon = &guest->console.vcon;

    figures_turn();
    sched_turn_begins(guest, now_ns);
    vcon_set_time(vcon, now_ns);
    switch_to(guest);
    unsigned keys = guest->virq.key_count;
    bool enters = trap_may_enter(guest);
    measure_key(guest, keys);
    keys = guest->virq.key_count;
    if (enters && !guest_enter(&guest->frame))
        guest_crash(guest, "the processor refused to go on at 0x%08x", (uint32_t)guest->frame.eip);
    measure_key(guest, keys);
    vcon_settle(vcon);
    /* The serial line is slower than this guest prints: it waits, others run. */
    if (guest->state == GUEST_READY && vcon_log_is_full(vcon))
        guest->state = GUEST_BLOCKED;
    sched_turn_ends(guest, timer_now_ns());
}

/* Ticks and wake-ups that time or input have brought since the last pass. */
static void update_guests(uint64_t now_ns)
{
    uint64_t tick_ns = monitor_tick_ms() * NS_PER_MS;
    for (struct guest *guest = guest_first(); guest; guest = guest->next) {
        if (guest->state == GUEST_ENDED)
            continue;
        clock_update(guest, now_ns, tick_ns);
        if (guest->state == GUEST_HALTED && virq_is_pending(&guest->virq))
            sched_wake(guest, now_ns);
        else if (guest->state == GUEST_BLOCKED && !vcon_log_is_full(&guest->console.vcon))
            sched_wake(guest, now_ns);
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When somebody must be looked after, if no other interrupt comes first. */
static uint64_t next_alarm(const struct guest *next, uint64_t now_ns, bool output_waits, bool poll_input)
{
    uint64_t alarm = monitor_next_ns();
    alarm = earlier(alarm, console_next_ns());
    if (output_waits)
        alarm = earlier(alarm, now_ns + DRAIN_NS);
    if (poll_input)
        alarm = earlier(alarm, now_ns + POLL_NS);
    if (next)
        alarm = earlier(alarm, sched_slice_end(now_ns));
    for (struct guest *guest = guest_first(); guest; guest = guest->next)
        if (!guest->paused && (guest == next || guest->state == GUEST_HALTED))
            alarm = earlier(alarm, clock_next_tick_ns(guest, now_ns));
    return alarm;
}

static void idle(void)
{
    insn_sti_hlt_cli();
    figures_idle_wake();
}

void run_forever(bool poll_input)
{
    for (uint64_t alarm_ns = UINT64_MAX;;) {
        uint64_t now_ns = timer_now_ns();
        if (now_ns > alarm_ns)
            figures_alarm_late(now_ns - alarm_ns);
        console_input_pump(now_ns);
        monitor_pump(now_ns);
        bool output_waits = console_output_pump();
        output_waits |= serial_pump();

        now_ns = timer_now_ns();
        update_guests(now_ns);
        struct guest *next = sched_pick();
        alarm_ns = next_alarm(next, now_ns, output_waits, poll_input);
        if (alarm_ns == UINT64_MAX)
            timer_cancel_alarm();
        else
            timer_set_alarm(alarm_ns);
        if (next)
            run_turn(next, now_ns);
        else
            idle();
    }
}
