/*
 * test_tick.c - which timer interrupts of a running guest need no way through the run loop, and what they leave behind.
 *
 * tick.c is compiled in here with a clock of 2 GHz that the test moves. lean_tick.S does the same for the hottest case;
 * tests/guests/event_rate.c and tests/bench run that one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CPU_INSN_H      /* the real one has the instructions */
static uint64_t clock_tsc;
static uint64_t insn_rdtsc(void)
{
    return clock_tsc;
}
static inline void insn_fninit(void)
{
}
static inline void insn_fxrstor(const void *area)
{
    (void)area;
}

#include "guest/tick.c"

#define MS 1000000ull
#define TICK_NS (10 * MS)
#define TSC_PER_NS 2

static struct processor processor;
static struct guest guest;
static uint64_t alarm_span_tsc, alarm_at_ns;
static uint32_t local_apic[0x400 / 4];
static volatile uint32_t *apic_registers;      /* where tick.c reaches the APIC without calls */
static unsigned acknowledged, delivered;

struct timer_clock timer_clock = { 0, (1ull << 32) / TSC_PER_NS, TSC_PER_NS * (1ull << 32) };

struct cpu *cpu_this(void)
{
    return &processor.cpu;
}

void timer_set_alarm_in(uint64_t span)
{
    alarm_span_tsc = span;
}

void timer_set_alarm(uint64_t at_ns)
{
    alarm_at_ns = at_ns;
}

bool timer_alarm_by_hand(volatile uint32_t **apic, uint64_t *count_per_tsc_32)
{
    *apic = apic_registers;
    *count_per_tsc_32 = (1ull << 32) / 4;
    return apic_registers;
}

bool irq_acknowledge(uint8_t vector)
{
    acknowledged += vector == VECTOR_TIMER;
    return true;
}

void deliver_pending(struct guest *to)
{
    delivered++;
    to->state.virq.pending = 0;
}

void vcon_render_pending(struct vcon *console)
{
    console->pending_bytes = 0;
}

/* At 1 s, which is this TSC. */
static void begin_turn(uint64_t tsc, uint64_t tick_at_ns, uint64_t other_ns)
{
    tick_turn_begins(&processor.turn, &guest, tsc, 1000 * MS, tick_at_ns, other_ns);
}

/* A turn from 1 s on, whose guest has its tick 10 ms later; other_ms: when somebody else is due. */
static void begin(uint64_t other_ms)
{
    memset(&guest, 0, sizeof(guest));
    guest.processor = &processor;
    clock_tsc = 1000 * MS * TSC_PER_NS;
    acknowledged = delivered = 0;
    guest.state.clock.next_tick_ns = 1010 * MS;
    tick_init(&processor.turn, TICK_NS);
    begin_turn(clock_tsc, guest.state.clock.next_tick_ns, 1000 * MS + other_ms * MS);
    assert_int_equal(alarm_span_tsc, (other_ms < 10 ? other_ms : 10) * MS * TSC_PER_NS);
}

static bool interrupt_at_us(uint64_t us)
{
    clock_tsc = (1000 * MS + us * 1000) * TSC_PER_NS;
    return timer_from_guest(&guest);
}

/* On schedule, however late each of them comes, and the alarm is for the next. */
static void ticks_do_not_end_the_turn(void **state)
{
    (void)state;
    begin(100);
    for (unsigned i = 1; i <= 5; i++) {
        assert_true(interrupt_at_us(i * 10000 + i * 20));
        assert_int_equal(alarm_span_tsc, (TICK_NS - i * 20000) * TSC_PER_NS);
        assert_int_equal(guest.console.vcon.now_ns, (1000 + i * 10) * MS);
    }
    assert_true(virq_has(&guest.state.virq, VIRQ_TIMER));
    assert_int_equal(guest.state.virq.ticks_coalesced, 4);
    assert_int_equal(acknowledged, 5);
    assert_int_equal(delivered, 0);
    tick_turn_ends(&processor.turn, &guest);
    assert_int_equal(tick_alarm_late_ns(&processor.turn, clock_tsc), 0);
    assert_int_equal(guest.state.clock.next_tick_ns, 1060 * MS);
}

static void a_tick_is_delivered_where_it_may_be(void **state)
{
    (void)state;
    begin(100);
    guest.state.virq.enabled = true;
    assert_true(interrupt_at_us(10000));
    assert_int_equal(delivered, 1);
    guest.life.activity = GUEST_ENDED;
    assert_false(interrupt_at_us(20000));
}

/* Acknowledged, but left to the run loop with nothing changed. */
static void leave_to_the_run_loop(uint64_t us)
{
    assert_false(interrupt_at_us(us));
    assert_int_equal(acknowledged, 1);
    assert_false(virq_has(&guest.state.virq, VIRQ_TIMER));
    tick_turn_ends(&processor.turn, &guest);
    assert_int_equal(guest.state.clock.next_tick_ns, 1010 * MS);
}

static void whatever_else_is_due_ends_the_turn(void **state)
{
    (void)state;
    begin(5);
    leave_to_the_run_loop(5000);
    begin(10);                      /* both at once */
    leave_to_the_run_loop(10000);
    begin(100);
    leave_to_the_run_loop(9900);    /* no tick yet: an alarm far too early */
    begin(100);
    leave_to_the_run_loop(10300);   /* so late that the figures must tell */
    begin(100);
    leave_to_the_run_loop(35000);
}

/* By others who are due already, and by UINT64_MAX: nobody is. */
static void others_are_due_at_any_time(void **state)
{
    (void)state;
    begin(100);
    begin_turn(clock_tsc, 1010 * MS, 900 * MS);
    assert_int_equal(alarm_span_tsc, 0);
    leave_to_the_run_loop(0);
    begin_turn(10 * clock_tsc, 1010 * MS, UINT64_MAX);    /* whatever the TSC is */
    assert_int_equal(alarm_span_tsc, TICK_NS * TSC_PER_NS);
}

/* A guest's own clock, clock=run, is behind by 3 ms, and stays so. */
static void a_clock_behind_stays_behind(void **state)
{
    (void)state;
    begin(100);
    begin_turn(clock_tsc, guest.state.clock.next_tick_ns + 3 * MS, 1100 * MS);
    assert_int_equal(alarm_span_tsc, 13 * MS * TSC_PER_NS);
    assert_true(interrupt_at_us(13000));
    assert_int_equal(guest.console.vcon.now_ns, 1013 * MS);
    tick_turn_ends(&processor.turn, &guest);
    assert_int_equal(guest.state.clock.next_tick_ns, 1020 * MS);
}

static void output_ends_the_turn_with_the_tick(void **state)
{
    (void)state;
    begin(100);
    vcon_defer(&guest.console.vcon, 1);
    leave_to_the_run_loop(10000);
    begin(100);
    vcon_place_cursor(&guest.console.vcon, 0, 1);
    leave_to_the_run_loop(10000);
}

static void lateness_is_told(void **state)
{
    (void)state;
    begin(5);
    assert_false(interrupt_at_us(5300));
    tick_turn_ends(&processor.turn, &guest);
    assert_int_equal(tick_alarm_late_ns(&processor.turn, clock_tsc), 300000);
    begin(100);
    assert_int_equal(tick_alarm_late_ns(&processor.turn, clock_tsc), 0);    /* something else ended it */
}

/* One EOI, and a count of a quarter of the TSC's, rounded up; nobody is called. Only then lean_tick.S may do it. */
/* A tick that is moved has its place from the run loop, and so has every one: neither path here takes it. */
static void ticks_may_all_be_left_to_the_run_loop(void **state)
{
    (void)state;
    begin(100);
    assert_true(processor.turn.window_tsc != 0);
    tick_use_run_loop();
    leave_to_the_run_loop(10000);
    assert_int_equal(processor.turn.lean_window_tsc, 0);
}

static void the_apic_is_reached_by_hand(void **state)
{
    (void)state;
    begin(100);
    assert_int_equal(processor.turn.lean_window_tsc, 0);
    apic_registers = local_apic;
    memset(local_apic, 0xFF, sizeof(local_apic));
    tick_init(&processor.turn, TICK_NS);
    assert_int_equal(processor.turn.lean_window_tsc, 205000 * TSC_PER_NS);
    alarm_span_tsc = 0;
    assert_true(interrupt_at_us(10020));
    assert_int_equal(local_apic[0xB0 / 4], 0);
    assert_int_equal(local_apic[0x380 / 4], (TICK_NS - 20000) * TSC_PER_NS / 4 + 1);
    assert_int_equal(acknowledged + alarm_span_tsc, 0);
    local_apic[0x380 / 4] = 0;
    begin_turn(clock_tsc, 1020 * MS, 1016 * MS);
    assert_int_equal(local_apic[0x380 / 4], 16 * MS * TSC_PER_NS / 4 + 1);
    apic_registers = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_do_not_end_the_turn),
        cmocka_unit_test(a_tick_is_delivered_where_it_may_be),
        cmocka_unit_test(whatever_else_is_due_ends_the_turn),
        cmocka_unit_test(others_are_due_at_any_time),
        cmocka_unit_test(a_clock_behind_stays_behind),
        cmocka_unit_test(output_ends_the_turn_with_the_tick),
        cmocka_unit_test(lateness_is_told),
        cmocka_unit_test(the_apic_is_reached_by_hand),
        cmocka_unit_test(ticks_may_all_be_left_to_the_run_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
