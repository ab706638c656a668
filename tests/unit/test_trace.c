/*
 * test_trace.c - the trace ring: order, overwriting, wrap of its counter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/trace.h"

static int empty_trace(void **state)
{
    (void)state;
    memset(&trace, 0, sizeof(trace));
    return 0;
}

static void test_switch(void **state)
{
    (void)state;
    assert_false(trace_is_on());
    trace_switch(true);
    assert_true(trace_is_on());
    trace_switch(false);
    assert_false(trace_is_on());
}

static void test_few(void **state)
{
    (void)state;
    assert_null(trace_get(0));
    trace_record(100, "first", 1, 2);
    trace_record(200, "second", 3, 4);
    assert_string_equal(trace_get(0)->kind, "second");
    assert_true(trace_get(0)->tsc == 200 && trace_get(0)->a == 3 && trace_get(0)->b == 4);
    assert_string_equal(trace_get(1)->kind, "first");
    assert_null(trace_get(2));
}

static void test_overwriting(void **state)
{
    (void)state;
    trace.count = UINT32_MAX - 30;      /* the counter wraps on the way */
    for (uint64_t i = 0; i < 10 * TRACE_EVENTS; i++)
        trace_record(i, "event", i, 0);
    for (uint32_t age = 0; age < TRACE_EVENTS; age++)
        assert_true(trace_get(age)->a == 10 * TRACE_EVENTS - 1 - age);
    assert_null(trace_get(TRACE_EVENTS));
    assert_null(trace_get(UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_switch, empty_trace),
        cmocka_unit_test_setup(test_few, empty_trace),
        cmocka_unit_test_setup(test_overwriting, empty_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
