/*
 * test_loop_figures.c - counts and worst cases, and that they begin anew when they were taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "monitor/loop_figures.h"

static void worst_cases_and_counts(void **state)
{
    (void)state;
    static const uint64_t ns[] = { 5, 900, 30 };
    for (unsigned i = 0; i < 3; i++) {
        figures_key(ns[i]);
        figures_alarm_late(ns[i] + 1);
        figures_turn();
    }
    figures_idle_wake();
    struct figures taken = figures_take(7000);
    assert_int_equal(taken.since_ns, 0);
    assert_int_equal(taken.keys, 3);
    assert_int_equal(taken.key_worst_ns, 900);
    assert_int_equal(taken.late_worst_ns, 901);
    assert_int_equal(taken.turns, 3);
    assert_int_equal(taken.idle_wakes, 1);
    taken = figures_take(8000);
    assert_int_equal(taken.since_ns, 7000);
    assert_int_equal(taken.keys | taken.key_worst_ns | taken.late_worst_ns | taken.turns | taken.idle_wakes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worst_cases_and_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
