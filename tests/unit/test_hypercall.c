/*
 * test_hypercall.c - what all calls have in common (number, argument block, record of events), and two of them: magic
 * and exit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/desc.h"
#include "fake_calls.h"
#include "hypercall/dispatch.h"

static void test_magic(void **state)
{
    (void)state;
    dispatch(HV_CALL_MAGIC);
    expect_return(0xC001C0DE);
    assert_int_equal(guest_hypercall_count(guest), 1);
    guest->state.frame.esp = 0xFFFFFFFF;              /* a call without arguments does not look there */
    guest->state.frame.eax = HV_CALL_MAGIC;
    hypercall_dispatch(guest);
    assert_int_equal(guest->state.frame.eax, 0xC001C0DE);
}

static void test_exit(void **state)
{
    static const int32_t statuses[] = { 0, 77, -10, INT32_MAX, INT32_MIN };

    for (unsigned i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        fake_guest_setup(state);
        CALL(HV_CALL_EXIT, (uint32_t)statuses[i]);
        assert_int_equal(guest->life.end, GUEST_END_EXIT);
        assert_int_equal(guest->life.status, statuses[i]);
    }
}

static void test_unknown(void **state)
{
    static const uint32_t numbers[] = { 0xD, 0x1F, 0x21, 0x27, 0x28, 0xDE, 0x100, 0x80000000, 0xFFFFFFFF };

    (void)state;
    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char reason[100];
        snprintf(reason, sizeof(reason), "hypercall 0x%x (EAX): there is no such call", numbers[i]);
        dispatch(numbers[i]);
        expect_crash(reason);
    }
}

static void test_device_interrupt_in_user(void **state)
{
    (void)state;
    guest->state.frame.cs = SEL_GUEST_USER_CS;
    fake_acknowledged = 0;
    for (uint32_t number = 0; number < 16; number++) {
        struct trap_frame before;
        guest->state.frame.eax = number;
        memcpy(&before, &guest->state.frame, sizeof(before));
        hypercall_dispatch(guest);
        assert_memory_equal(&guest->state.frame, &before, sizeof(before));
        assert_int_equal(fake_acknowledged, number + 1);
    }
    assert_int_equal(guest->life.end, GUEST_END_NONE);
    assert_int_equal(events_count(&guest->events), 0);
}

/* For each call with arguments: one byte of the block out of reach kills, one byte beside it does not matter. */
static void test_argument_blocks(void **state)
{
    static const struct {
        uint32_t number, words;
        const char *name;
    } table[] = {
#define X(number, NAME, name, words) { number, words, #name },
        HV_CALLS(X)
#undef X
    };

    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        for (uint32_t offset = 0; offset < 4 * table[i].words; offset++) {
            char reason[200];
            uint32_t bad = BLOCK + offset;
            fake_guest_setup(state);
            fake_forbid(bad, bad + 1, false);
            snprintf(reason, sizeof(reason),
                     "hv_%s: its %u argument words at ESP 0x%08x cannot be read (0x%08x is out of reach)",
                     table[i].name, table[i].words, BLOCK, bad);
            dispatch(table[i].number);
            expect_crash(reason);
        }
    fake_forbid(BLOCK + 4, BLOCK + 8, false);
    CALL(HV_CALL_CONS_SET_TERM_COLOR, 3);
    expect_return(HV_CALL_CONS_SET_TERM_COLOR);
}

static void test_events_are_recorded(void **state)
{
    (void)state;
    CALL(HV_CALL_CONS_SET_CURSOR_POS, 24, 79);
    dispatch(HV_CALL_MAGIC);
    assert_int_equal(events_count(&guest->events), 2);
    assert_int_equal(guest->events.ring[0].kind, GUEST_EVENT_CALL + HV_CALL_CONS_SET_CURSOR_POS);
    assert_int_equal(guest->events.ring[0].eip, AFTER_INT);
    assert_int_equal(guest->events.ring[0].detail, 24);
    assert_int_equal(guest->events.ring[1].kind, GUEST_EVENT_CALL + HV_CALL_MAGIC);
    assert_int_equal(guest->events.ring[1].detail, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_magic, fake_guest_setup),
        cmocka_unit_test_setup(test_exit, fake_guest_setup),
        cmocka_unit_test_setup(test_unknown, fake_guest_setup),
        cmocka_unit_test_setup(test_device_interrupt_in_user, fake_guest_setup),
        cmocka_unit_test_setup(test_argument_blocks, fake_guest_setup),
        cmocka_unit_test_setup(test_events_are_recorded, fake_guest_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
