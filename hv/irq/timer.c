/*
 * timer.c - calibrate once, then time is a multiplication and an alarm one register.
 *
 * Rates are kept as 32.32 fixed-point numbers, so that nothing is divided after the boot: each turn and each tick would
 * pay for it. There is one alarm, one-shot; whoever needs several times keeps them and sets the first. The PIT does
 * where there is no local APIC, or its rate could not be measured; it reaches 55 ms, which is why an alarm may come
 * early.
 */
#include "irq/timer.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/boot_phases.h"
#include "base/log.h"
#include "cpu/insn.h"
#include "irq/apic.h"
#include "irq/calibrate.h"

#define NS_PER_S 1000000000ull
#define COUNT_MAX 0xFFFFFFFFull
#define ALARM_MAX_NS (60 * NS_PER_S)    /* who waits longer asks again; far from overflow */
#define PIT_HERTZ 1193182
#define PIT_COUNT_MAX 0xFFFF
#define PIT_COMMAND 0x43
#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL0_ONE_SHOT 0x30      /* both bytes, mode 0: one edge, then silence */
#define PIT_LATCH_CHANNEL0 0x00
#define PIT_READS_MAX 100               /* it counts within 1 us, which is a few reads */

/* 1 GHz until calibrated. */
struct timer_clock timer_clock = { .ns_per_tsc_32 = 1ull << 32, .tsc_per_ns_32 = 1ull << 32 };
static uint64_t count_per_ns_32, alarm_per_tsc_32;  /* of the alarm's counter */
static uint64_t alarm_hertz;
static bool alarm_by_apic, rate_may_change;
static const char *calibrated_by = "nothing";

/* Of two frequencies; the remainder's bits fit up to 4 GHz, what is beyond is whole. */
static uint64_t fixed_ratio(uint64_t hertz, uint64_t per_hertz)
{
    return (hertz / per_hertz << 32) + (hertz % per_hertz << 32) / per_hertz;
}

static void start_pit_alarm(uint64_t count)
{
    insn_outb(PIT_COMMAND, PIT_CHANNEL0_ONE_SHOT);
    insn_outb(PIT_CHANNEL0, (uint8_t)count);
    insn_outb(PIT_CHANNEL0, (uint8_t)(count >> 8));
}

static uint32_t read_pit_count(void)
{
    insn_outb(PIT_COMMAND, PIT_LATCH_CHANNEL0);
    uint32_t low = insn_inb(PIT_CHANNEL0);
    return low | (uint32_t)insn_inb(PIT_CHANNEL0) << 8;
}

/* Whether there is a PIT at all: newer boards may be without one, and its ports then read the same each time. */
static bool pit_counts(void)
{
    start_pit_alarm(PIT_COUNT_MAX);
    uint32_t first = read_pit_count();
    for (unsigned i = 0; i < PIT_READS_MAX; i++)
        if (read_pit_count() != first)
            return true;
    return false;
}

static void set_tsc_hertz(uint64_t hertz)
{
    alarm_per_tsc_32 = fixed_ratio(alarm_hertz, hertz);
    timer_clock.ns_per_tsc_32 = fixed_ratio(NS_PER_S, hertz);
    timer_clock.tsc_per_ns_32 = fixed_ratio(hertz, NS_PER_S);
}

bool timer_init(const struct reference *reference, bool have_apic)
{
    boot_phases_lap(BOOT_PHASE_IRQ, insn_rdtsc());
    struct calibration calibration = calibrate(reference, have_apic);
    boot_phases_lap(BOOT_PHASE_CALIBRATION, insn_rdtsc());

    calibrated_by = calibration.source;
    rate_may_change = false;
    alarm_by_apic = have_apic && calibration.apic_hertz != 0;
    alarm_hertz = alarm_by_apic ? calibration.apic_hertz : PIT_HERTZ;
    count_per_ns_32 = fixed_ratio(alarm_hertz, NS_PER_S);
    set_tsc_hertz(calibration.tsc_hertz);
    timer_clock.tsc_start = insn_rdtsc();
    log_figure("clock: TSC at %llu kHz by %s, alarm by %s", (unsigned long long)calibration.tsc_hertz / 1000,
             calibration.source, alarm_by_apic ? "local APIC" : "PIT");
    if (!alarm_by_apic && !pit_counts())
        log_error("no alarm: neither a local APIC's timer nor the PIT counts; a guest that never calls runs for ever");
    return alarm_by_apic;
}

void timer_expect_other_rates(void)
{
    rate_may_change = true;
}

void timer_set_clock(uint64_t tsc, uint64_t ns, uint64_t tsc_hertz)
{
    set_tsc_hertz(tsc_hertz);
    timer_clock.tsc_start = tsc - timer_span_tsc(ns);
    /* There and back is rounded down twice, by more than a millisecond after a month. */
    if (timer_ns_at(tsc) < ns)
        timer_clock.tsc_start -= timer_span_tsc(ns - timer_ns_at(tsc)) + 1;
}

struct timer_choice timer_choice(void)
{
    return (struct timer_choice){ calibrated_by, alarm_by_apic ? "local APIC" : "PIT" };
}

uint64_t timer_now_ns(void)
{
    return timer_ns_at(insn_rdtsc());
}

static void start_count(uint64_t count)
{
    if (alarm_by_apic) {
        apic_timer_start((uint32_t)(count > COUNT_MAX ? COUNT_MAX : count));
        return;
    }
    start_pit_alarm(count > PIT_COUNT_MAX ? PIT_COUNT_MAX : count);
}

/* An alarm further away than the counter reaches comes early: whoever set it looks at the clock and sets it again. */
void timer_set_alarm(uint64_t at_ns)
{
    uint64_t now_ns = timer_now_ns();
    uint64_t wait_ns = at_ns > now_ns ? at_ns - now_ns : 0;
    uint64_t count = timer_multiply_32(wait_ns < ALARM_MAX_NS ? wait_ns : ALARM_MAX_NS, count_per_ns_32);
    start_count(count ? count : 1);
}

void timer_set_alarm_in(uint64_t span_tsc)
{
    start_count(timer_multiply_32(span_tsc, alarm_per_tsc_32) + 1);   /* rounded up: too early costs another */
}

bool timer_alarm_by_hand(volatile uint32_t **apic, uint64_t *count_per_tsc_32)
{
    *apic = alarm_by_apic && !rate_may_change ? apic_memory() : NULL;
    *count_per_tsc_32 = alarm_per_tsc_32;
    return *apic != NULL;
}

void timer_cancel_alarm(void)
{
    if (alarm_by_apic)
        apic_timer_start(0);
}
