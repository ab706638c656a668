/*
 * test_clock.c - guest/clock: ticks that a seed moves, against the periods that they belong to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/clock.h"

#define TICK_NS 10000000ull
#define TICKS 2000

static struct guest guest;

struct guest *guest_first_stirred(void)
{
    return &guest;
}

struct guest *guest_next_stirred(const struct guest *stirred)
{
    return stirred->next;
}

static void begin(uint32_t seed)
{
    memset(&guest, 0, sizeof(guest));
    guest.life.activity = GUEST_HALTED;
    guest.state.clock.next_tick_ns = TICK_NS;
    if (seed != 0)
        clock_seed(&guest, seed, TICK_NS);
}

/* The next tick, seen to late_ns after it fell due. */
static uint64_t tick(uint64_t late_ns)
{
    uint64_t due_ns = guest.state.clock.next_tick_ns;

    clock_update(&guest, due_ns + late_ns, TICK_NS);
    return due_ns;
}

static void without_a_seed_ticks_come_on_time(void **state)
{
    (void)state;
    begin(0);
    for (uint64_t i = 1; i <= TICKS; i++)
        assert_int_equal(tick(0), i * TICK_NS);
}

/* Each period has its tick, somewhere in it, and over many of them as often early as late. */
static void every_period_has_its_tick(void **state)
{
    unsigned quarters[4] = { 0 };

    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        begin(seed);
        for (uint64_t i = 1; i <= TICKS; i++) {
            uint64_t moved_ns = tick(0) - i * TICK_NS;
            assert_true(moved_ns < TICK_NS);
            quarters[moved_ns * 4 / TICK_NS]++;
        }
        assert_int_equal(guest.state.virq.ticks_coalesced, TICKS - 1);
    }
    for (unsigned i = 0; i < 4; i++)
        assert_in_range(quarters[i], 20 * TICKS / 4 - 400, 20 * TICKS / 4 + 400);
}

static void a_seed_brings_its_ticks_again(void **state)
{
    static uint64_t first[TICKS];
    unsigned same = 0;

    (void)state;
    begin(5);
    for (unsigned i = 0; i < TICKS; i++)
        first[i] = tick(0);
    begin(5);
    for (unsigned i = 0; i < TICKS; i++)
        assert_int_equal(tick(0), first[i]);
    begin(6);
    for (unsigned i = 0; i < TICKS; i++)
        same += tick(0) == first[i];
    assert_in_range(same, 0, 2);
}

/* Neighbouring seeds begin in different places: the first tick is what many short tests have. */
static void first_ticks_are_spread(void **state)
{
    unsigned eighths[8] = { 0 };

    (void)state;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        begin(seed);
        eighths[(guest.state.clock.next_tick_ns - TICK_NS) * 8 / TICK_NS]++;
    }
    for (unsigned i = 0; i < 8; i++)
        assert_in_range(eighths[i], 10, 45);
    begin(0xFFFFFFFF);
    assert_true(guest.state.clock.seed != 0);
    begin(0x10001);     /* its two halves cancel each other out */
    assert_true(guest.state.clock.seed != 0);
}

/* However late a tick is seen to, the next one lies ahead: the alarm is set for it. Time does not run away either. */
static void the_next_tick_lies_ahead(void **state)
{
    uint64_t now_ns = 0;

    (void)state;
    srand(7);
    begin(9);
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t late_ns = rand() % 3 == 0 ? (uint64_t)rand() % (5 * TICK_NS) : 0;
        now_ns = guest.state.clock.next_tick_ns + late_ns;
        uint64_t next_ns = clock_update(&guest, now_ns, TICK_NS);
        assert_true(next_ns > now_ns);
        assert_true(next_ns < now_ns + 2 * TICK_NS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_seed_ticks_come_on_time), cmocka_unit_test(every_period_has_its_tick),
        cmocka_unit_test(a_seed_brings_its_ticks_again),     cmocka_unit_test(first_ticks_are_spread),
        cmocka_unit_test(the_next_tick_lies_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
