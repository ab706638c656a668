/*
 * timer.h - time: a calibrated TSC as the clock, the local APIC's timer (else the PIT) as the alarm.
 */
#ifndef IRQ_TIMER_H
#define IRQ_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct reference;

/*
 * Calibrate and start the clock; before it, time runs at an assumed 1 GHz. Called by irq_init. False: the alarm is the
 * PIT, whose interrupt the caller lets through. Where that does not count either, an error is logged.
 */
bool timer_init(const struct reference *reference, bool have_apic);

/* Nanoseconds since timer_init; monotonic. */
uint64_t timer_now_ns(void);

/* How TSC ticks become nanoseconds and back; factors in 32.32 fixed point. timer_init and timer_set_clock write it. */
struct timer_clock {
    uint64_t tsc_start, ns_per_tsc_32, tsc_per_ns_32;
};
extern struct timer_clock timer_clock;

static inline uint64_t timer_multiply_32(uint64_t value, uint64_t factor_32)
{
    return (uint64_t)(((unsigned __int128)value * factor_32) >> 32);
}

/* The same clock at a TSC that was read before; spans are at most an hour. */
static inline uint64_t timer_ns_at(uint64_t tsc)
{
    return timer_multiply_32(tsc - timer_clock.tsc_start, timer_clock.ns_per_tsc_32);
}

static inline uint64_t timer_span_tsc(uint64_t span_ns)
{
    return timer_multiply_32(span_ns, timer_clock.tsc_per_ns_32);
}

static inline uint64_t timer_span_ns(uint64_t span_tsc)
{
    return timer_multiply_32(span_tsc, timer_clock.ns_per_tsc_32);
}

/* timer_set_clock may come at any time: nobody may keep what timer_alarm_by_hand says. */
void timer_expect_other_rates(void);
/* From here on the TSC has so many hertz, and at tsc it is ns: not before any time that was told. See tsc_watch.c. */
void timer_set_clock(uint64_t tsc, uint64_t ns, uint64_t tsc_hertz);

/* What the clock was calibrated by, and what the alarm is. */
struct timer_choice {
    const char *source, *alarm;
};
struct timer_choice timer_choice(void);

/* Ask for one host interrupt at about this time (or at once when it is past). A later call replaces it. */
void timer_set_alarm(uint64_t at_ns);
/* The same in so many TSC ticks, at most a minute. */
void timer_set_alarm_in(uint64_t span_tsc);
/* What tick.c and lean_tick.S need to do that by themselves; false: they cannot, or the TSC's rate may change. */
bool timer_alarm_by_hand(volatile uint32_t **apic, uint64_t *count_per_tsc_32);
/* No alarm until the next timer_set_alarm. */
void timer_cancel_alarm(void);

#endif
