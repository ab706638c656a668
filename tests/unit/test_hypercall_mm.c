/*
 * test_hypercall_mm.c - paging calls: what reaches the guest's address space, and the bad addresses that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_calls.h"

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
    fake_paging.setpd_status = STATUS_NO_MEMORY;
    guest->ram.bytes = 0x1800000;
    CALL(HV_CALL_SETPD, 0x10000, 0);
    expect_crash("hv_setpd(0x00010000, 0): no memory left for its shadow: all guests together use more than "
                 "the machine has");
    fake_paging.setpd_status = STATUS_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_paging_calls, fake_guest_setup),
        cmocka_unit_test_setup(test_paging_bad_input, fake_guest_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
