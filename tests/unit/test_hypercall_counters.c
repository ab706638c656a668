/*
 * test_hypercall_counters.c - hv_counters: where each figure comes from, and as many as its buffer holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/counters.h"
#include "fake_calls.h"

#define BUFFER 0x5001u          /* not aligned */

static void test_counters(void **state)
{
    const struct hv_counters expected = { FAKE_NOW_NS, 1, 2, 3, 1ull << 40, FAKE_FRAMES_TOTAL, FAKE_FRAMES_FREE, 8,
                                          9, 10, 11, 0 };
    struct hv_counters stored;

    (void)state;
    counters = (struct counters){ .cr3_writes = 1, .invlpg = 2, .port_in = 3, .port_out = 1ull << 40 };
    guest->event_count = 9;
    guest->events.next_bytes = (7 + 9) * sizeof(struct guest_event);
    guest->hidden_fault_count = 10;
    guest->turns.run_ns = 11;
    CALL(HV_CALL_COUNTERS, BUFFER, 1000);
    expect_return(sizeof(stored));
    memcpy(&stored, fake_ram + BUFFER, sizeof(stored));
    assert_memory_equal(&stored, &expected, sizeof(stored));
    assert_int_equal(fake_ram[BUFFER + sizeof(stored)], 0);
}

static void test_counters_stores_what_fits(void **state)
{
    (void)state;
    CALL(HV_CALL_COUNTERS, BUFFER, 5);
    expect_return(sizeof(struct hv_counters));
    assert_int_equal(fake_word(BUFFER), 1);
    assert_int_equal(fake_word(BUFFER + 4), 1);
    counters.cr3_writes = 0xFF;
    CALL(HV_CALL_COUNTERS, BUFFER, 8);
    assert_int_equal(fake_word(BUFFER + 8), 0);
    CALL(HV_CALL_COUNTERS, BUFFER, 0);
    expect_return(sizeof(struct hv_counters));
}

static void test_counters_bad(void **state)
{
    (void)state;
    fake_forbid(0x6000, 0x7000, true);
    CALL(HV_CALL_COUNTERS, 0x6000 - 8, 16);
    expect_crash("hv_counters(0x00005ff8, 16): 0x00006000 cannot be written");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_counters, fake_guest_setup),
        cmocka_unit_test_setup(test_counters_stores_what_fits, fake_guest_setup),
        cmocka_unit_test_setup(test_counters_bad, fake_guest_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
