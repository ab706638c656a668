/*
 * test_tsc_watch.c - a TSC that stops, jumps or changes its rate, against a reference that does not: which is seen,
 * what is said, and that time goes on by the reference and never back.
 *
 * timer.c and tsc_watch.c are compiled in here with the clocks of a machine on paper: time passes only by pass().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CPU_INSN_H      /* the real one has the instructions */
static uint64_t insn_rdtsc(void);
static void insn_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
static uint8_t insn_inb(uint16_t port);
static void insn_outb(uint16_t port, uint8_t value);

#include "irq/timer.c"
#include "irq/tsc_watch.c"

#define MS 1000000ull
#define HERTZ 2000000000ull
#define PM_TIMER_HERTZ 3579545u
#define READ_TSC 1500u          /* what reading the reference takes */

static double now;              /* ns that have really passed */
static double tsc, tsc_per_ns;
static unsigned smis;           /* that come between the next reads of the two */
static bool has_steady_tsc, has_hypervisor;
static char warned[256];
static unsigned warnings, infos;

static uint64_t insn_rdtsc(void)
{
    return (uint64_t)tsc;
}

static void insn_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)subleaf;
    memset(out, 0, 4 * sizeof(*out));
    out[0] = CPUID_POWER;
    if (leaf == CPUID_POWER && has_steady_tsc)
        out[3] = CPUID_POWER_EDX_STEADY_TSC;
    if (leaf == 1 && has_hypervisor)
        out[2] = CPUID_1_ECX_HYPERVISOR;
}

static uint8_t insn_inb(uint16_t port)
{
    (void)port;
    return 0;
}

static void insn_outb(uint16_t port, uint8_t value)
{
    (void)port;
    (void)value;
}

void apic_timer_start(uint32_t count)
{
    (void)count;
}

volatile uint32_t *apic_memory(void)
{
    static uint32_t registers[256];
    return registers;
}

struct calibration calibrate(const struct reference *reference, bool have_apic)
{
    (void)reference;
    (void)have_apic;
    return (struct calibration){ HERTZ, 100000000, "test" };
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (level == LOG_WARN)
        vsnprintf(warned, sizeof(warned), format, arguments);
    va_end(arguments);
    warnings += level == LOG_WARN;
    infos += level == LOG_INFO;
}

/* Time passes; the TSC counts as it does, or not at all. */
static void pass(double ns, bool counts)
{
    now += ns;
    tsc += counts ? ns * tsc_per_ns : 0;
}

static uint32_t read_pm(void)
{
    if (smis != 0) {
        smis--;
        pass(MS, true);
    }
    tsc += READ_TSC;
    return (uint32_t)(uint64_t)(now * PM_TIMER_HERTZ / 1e9) & 0xFFFFFF;
}

static const struct reference pm = { "ACPI PM timer", read_pm, 0xFFFFFF, PM_TIMER_HERTZ };

static int begin(void **state)
{
    (void)state;
    now = 5e9;                  /* the reference is about to come around */
    tsc = 7e12;
    tsc_per_ns = HERTZ / 1e9;
    smis = warnings = infos = 0;
    has_steady_tsc = has_hypervisor = false;
    warned[0] = '\0';
    timer_init(&pm, true);
    tsc_watch_begin(&pm);
    return 0;
}

/* What the clock says is what has passed since some moment, within a millisecond. */
static void assert_follows(double since, uint64_t since_ns)
{
    int64_t wrong = (int64_t)(timer_now_ns() - since_ns) - (int64_t)(now - since);
    assert_in_range(wrong + (int64_t)MS, 0, 2 * MS);
}

static void who_is_watched(void **state)
{
    (void)state;
    assert_true(tsc_is_watched());
    assert_false(tsc_is_steady());
    has_steady_tsc = true;
    tsc_watch_begin(&pm);
    assert_false(tsc_is_watched());
    assert_true(tsc_is_steady());
    has_steady_tsc = false;
    has_hypervisor = true;
    tsc_watch_begin(&pm);
    assert_false(tsc_is_watched());
    assert_true(tsc_is_steady());
    has_hypervisor = false;
    assert_int_equal(infos, 0);
    tsc_watch_begin(&(struct reference){ "PIT", read_pm, 0xFFFF, 1193182 });
    assert_false(tsc_is_watched());
    assert_false(tsc_is_steady());
    tsc_watch_begin(&(struct reference){ 0 });
    assert_false(tsc_is_watched());
    assert_int_equal(infos, 2);
}

/* A tick that keeps its alarm by hand would keep the rate, too. */
static void a_watched_one_is_never_used_by_hand(void **state)
{
    volatile uint32_t *registers;
    uint64_t count;

    (void)state;
    assert_false(timer_alarm_by_hand(&registers, &count));
    has_steady_tsc = true;
    timer_init(&pm, true);
    tsc_watch_begin(&pm);
    assert_true(timer_alarm_by_hand(&registers, &count));
}

/* An hour, with looks a second or less apart, a rate that is half a percent wrong, and the reference coming around. */
static void a_steady_one_is_left_alone(void **state)
{
    (void)state;
    struct timer_clock before = timer_clock;

    tsc_per_ns *= 1.005;
    srand(1);
    for (unsigned i = 0; i < 7200; i++) {
        pass(rand() % 1000 * 1e6, true);
        smis = rand() % 16 == 0 ? 3 : 0;        /* three moments of four are lost */
        tsc_watch_look(rand() % 2);
        assert_in_range(tsc_watch_next_ns - timer_now_ns(), WATCH_NS - MS, WATCH_NS);
    }
    assert_int_equal(warnings, 0);
    assert_false(tsc_is_unsteady());
    assert_memory_equal(&before, &timer_clock, sizeof(before));
}

/* A look that finds no moment without an SMI judges nothing, and loses nothing. */
static void no_moment_to_compare(void **state)
{
    (void)state;
    pass(1000 * MS, true);
    smis = READS_MAX;
    tsc_watch_look(false);
    assert_int_equal(smis, 0);
    pass(1000 * MS, true);
    tsc_watch_look(false);
    assert_int_equal(warnings, 0);
}

static void one_that_stops_in_a_rest(void **state)
{
    (void)state;
    double since = now;
    uint64_t since_ns = timer_now_ns();

    pass(1000.5 * MS, false);
    tsc_watch_look(true);
    assert_string_equal(warned, "clock: the TSC counted 0 ms in 1000 ms: from here on time is by ACPI PM timer");
    assert_follows(since, since_ns);
    for (unsigned i = 0; i < 100; i++) {
        pass(10 * MS, true);    /* a guest's turn: the rate is what it was */
        assert_follows(since, since_ns);
        tsc_watch_look(false);
        pass(300 * MS, true);   /* it stops some time later */
        pass(200 * MS, false);
        tsc_watch_look(true);
        assert_follows(since, since_ns);
    }
    assert_int_equal(warnings, 1);
    assert_in_range(timer_span_tsc(1000 * MS), HERTZ - HERTZ / 100, HERTZ + HERTZ / 100);
    assert_in_range(tsc_watch_next_ns - timer_now_ns(), UNSTEADY_NS - MS, UNSTEADY_NS);
}

/* The clock of an old processor goes with its frequency: what is wrong is wrong for one look. */
static void one_that_changes_its_rate(void **state)
{
    (void)state;
    static const double rates[] = { 0.8, 2, 1, 4, 0.5 };

    for (unsigned i = 0; i < 5; i++) {
        tsc_per_ns = rates[i];
        pass(1000 * MS, true);
        tsc_watch_look(false);
        pass(10 * MS, true);
        tsc_watch_look(false);
        double since = now;
        uint64_t since_ns = timer_now_ns();
        for (unsigned j = 0; j < 100; j++) {
            pass(10 * MS, true);
            assert_follows(since, since_ns);
            tsc_watch_look(false);
        }
        /* The alarm's counter goes on at its 100 MHz. */
        assert_in_range(timer_multiply_32(timer_span_tsc(MS), alarm_per_tsc_32), 98000, 102000);
    }
    assert_int_equal(warnings, 1);
}

static void one_that_jumps(void **state)
{
    (void)state;
    static const double jumps[] = { 3600e9, -1800e9, -5e12, 1e18, -0.9e18 };

    for (unsigned i = 0; i < 5; i++) {
        pass(1000 * MS, true);
        uint64_t before_ns = timer_now_ns();
        tsc_watch_look(false);
        tsc = tsc + jumps[i] > 0 ? tsc + jumps[i] : 0;
        pass(5 * MS, true);
        tsc_watch_look(i % 2);
        uint64_t after_ns = timer_now_ns();
        assert_true(after_ns >= before_ns);
        if (jumps[i] < 0)
            assert_in_range(after_ns - before_ns, 4 * MS, 7 * MS);
        pass(100 * MS, true);
        tsc_watch_look(false);
        double since = now;
        uint64_t since_ns = timer_now_ns();
        pass(1000 * MS, true);
        assert_follows(since, since_ns);
        tsc_watch_look(false);
    }
    assert_int_equal(warnings, 1);
}

/* Whatever it does, nobody is told less at a look than before it, and time never stands behind the reference. */
static void time_never_goes_back(void **state)
{
    (void)state;
    srand(2);
    double since = now;
    uint64_t since_ns = timer_now_ns(), told_ns = 0;

    pass(1000 * MS, false);
    for (unsigned i = 0; i < 100000; i++) {
        bool rests = rand() % 3 == 0;
        pass(rand() % 20000 * 1e3, true);
        if (rests)
            pass(rand() % 1000 * 1e6, rand() % 2);
        if (rand() % 100 == 0)
            tsc_per_ns = 0.5 + rand() % 80 / 10.0;
        if (timer_now_ns() > told_ns)
            told_ns = timer_now_ns();
        tsc_watch_look(rests);
        assert_true(timer_now_ns() >= told_ns);
        assert_true((double)(timer_now_ns() - since_ns) >= now - since - MS);
        told_ns = timer_now_ns();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_is_watched, begin),
        cmocka_unit_test_setup(a_watched_one_is_never_used_by_hand, begin),
        cmocka_unit_test_setup(a_steady_one_is_left_alone, begin),
        cmocka_unit_test_setup(no_moment_to_compare, begin),
        cmocka_unit_test_setup(one_that_stops_in_a_rest, begin),
        cmocka_unit_test_setup(one_that_changes_its_rate, begin),
        cmocka_unit_test_setup(one_that_jumps, begin),
        cmocka_unit_test_setup(time_never_goes_back, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
