/*
 * test_hypercall_mm.c - paging calls: what reaches the guest's address space, and the bad addresses that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_calls.h"
#include "hypercall/dispatch.h"

static void test_paging_calls(void **state)
{
    (void)state;
    guest->ram.bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x17FF000, 5);
    assert_int_equal(fake_paging.directory.v, 0x17FF000);
    assert_int_equal(fake_paging.wp, 5);
    guest->state.paging.is_on = true;
    CALL(HV_CALL_ADJUSTPG, 0xFEFFF000);
    assert_int_equal(fake_paging.adjusted.v, 0xFEFFF000);
    assert_int_equal(guest->life.activity, GUEST_READY);
}

static void test_paging_bad_input(void **state)
{
    (void)state;
    guest->ram.bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x10004, 1);
    expect_crash("hv_setpd(0x00010004, 1): the directory is not aligned to 4 KiB");
    guest->ram.bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x1800000, 0);
    expect_crash("hv_setpd(0x01800000, 0): the directory lies outside RAM, which ends at 0x017fffff");
    CALL(HV_CALL_ADJUSTPG, 0x10000);
    expect_crash("hv_adjustpg(0x00010000): paging is off, there is no hv_setpd before it");
    guest->state.paging.is_on = true;
    CALL(HV_CALL_ADJUSTPG, 0x10010);
    expect_crash("hv_adjustpg(0x00010010): the address is not aligned to 4 KiB");
    guest->state.paging.is_on = true;
    CALL(HV_CALL_ADJUSTPG, 0xFF000000);
    expect_crash("hv_adjustpg(0xff000000): the address lies above 0xfeffffff");
    fake_paging.lacks_memory = true;
    guest->ram.bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x10000, 0);
    expect_crash("hv_setpd(0x00010000, 0): no memory left for its shadow: all guests together use more than "
                 "the machine has");
    fake_paging.lacks_memory = false;
}

/* In pieces, and the guest is in its call until the last. */
static void test_give_back(void **state)
{
    (void)state;
    guest->family.rights.control = true;
    guest->ram.frame_count = 100;
    fake_paging.give_most = 8;
    CALL(HV_CALL_GIVE_BACK, 20, 30);
    unsigned pieces = 1;
    for (; hypercall_is_unfinished(guest); pieces++)
        hypercall_go_on(guest);
    expect_return(0);
    assert_int_equal(pieces, 4);
    assert_int_equal(fake_paging.given_first, 20);
    assert_int_equal(fake_paging.given_count, 30);
    CALL(HV_CALL_GIVE_BACK, 99, 1);
    assert_false(hypercall_is_unfinished(guest));
    expect_return(0);
    assert_int_equal(fake_paging.given_count, 31);
}

static void test_give_back_bad_input(void **state)
{
    (void)state;
    static const uint32_t bad[][2] = {
        { 100, 1 }, { 101, 0 }, { 99, 2 }, { 0, 101 }, { 50, UINT32_MAX }, { UINT32_MAX, 2 },
        { UINT32_MAX, UINT32_MAX },
    };

    guest->family.rights.control = true;
    guest->ram.frame_count = 100;
    fake_paging.given_count = 0;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CALL(HV_CALL_GIVE_BACK, bad[i][0], bad[i][1]);
        expect_return((uint32_t)HV_ERROR_ARGUMENT);
        assert_false(hypercall_is_unfinished(guest));
    }
    CALL(HV_CALL_GIVE_BACK, 100, 0);
    expect_return(0);
    assert_int_equal(fake_paging.given_count, 0);
    guest->family.rights.control = false;
    CALL(HV_CALL_GIVE_BACK, 0, 1);
    expect_crash("hypercall 0x27 (EAX): there is no such call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_paging_calls, fake_guest_setup),
        cmocka_unit_test_setup(test_paging_bad_input, fake_guest_setup),
        cmocka_unit_test_setup(test_give_back, fake_guest_setup),
        cmocka_unit_test_setup(test_give_back_bad_input, fake_guest_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
