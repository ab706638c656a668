/*
 * test_hypercall_irq.c - handlers, the virtual IF and hv_iret: what they change, and the flags and addresses that kill.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cpu/desc.h"
#include "fake_calls.h"

static void test_setidt(void **state)
{
    (void)state;
    for (uint32_t slot = 0; slot < 256; slot++) {
        CALL(HV_CALL_SETIDT, slot, 0x5000 + slot, slot & 1 ? 0x80000000 : 0);
        expect_return(HV_CALL_SETIDT);
    }
    for (uint32_t slot = 0; slot < 256; slot++) {
        assert_int_equal(guest->state.idt[slot].eip, 0x5000 + slot);
        assert_int_equal(guest->state.idt[slot].privileged, slot & 1);
    }
    CALL(HV_CALL_SETIDT, 7, 0, 0);
    assert_int_equal(guest->state.idt[7].eip, 0);
    CALL(HV_CALL_SETIDT, 8, 0xFFFFFFFF, 0);     /* wrong only when something comes */
    expect_return(HV_CALL_SETIDT);
    CALL(HV_CALL_SETIDT, 256, 0x5000, 1);
    expect_crash("hv_setidt(256, 0x00005000, 1): slot 256 is outside 0..255");
    CALL(HV_CALL_SETIDT, (uint32_t)-1, 0x5000, 1);
    expect_crash("hv_setidt(-1, 0x00005000, 1): slot -1 is outside 0..255");
}

/* Neither nests, and neither delivers by itself. */
static void test_virtual_if(void **state)
{
    (void)state;
    virq_raise_tick(&guest->state.virq);
    dispatch(HV_CALL_DISABLE_INTERRUPTS);
    expect_return(HV_CALL_DISABLE_INTERRUPTS);
    dispatch(HV_CALL_DISABLE_INTERRUPTS);
    assert_false(guest->state.virq.enabled);
    dispatch(HV_CALL_ENABLE_INTERRUPTS);
    expect_return(HV_CALL_ENABLE_INTERRUPTS);
    assert_true(virq_is_deliverable(&guest->state.virq));
    dispatch(HV_CALL_ENABLE_INTERRUPTS);
    dispatch(HV_CALL_DISABLE_INTERRUPTS);
    assert_false(guest->state.virq.enabled);
    assert_true(virq_is_pending(&guest->state.virq));
}

static void test_iret_to_kernel(void **state)
{
    (void)state;
    guest->state.esp0 = 0x7777;
    CALL(HV_CALL_IRET, 0x5001, 0x202, 0xFFFFFFF1, 0, 0xEAEAEAEA);
    assert_string_equal(guest->life.reason, "");
    assert_int_equal(guest->state.frame.eip, 0x5001);
    assert_int_equal(guest->state.frame.esp, 0xFFFFFFF1);     /* need not be a stack until something is pushed */
    assert_int_equal(guest->state.frame.eax, 0xEAEAEAEA);
    assert_int_equal(guest->state.frame.eflags, 0x202);
    assert_int_equal(guest->state.frame.cs, SEL_GUEST_KERNEL_CS);
    assert_int_equal(guest->state.frame.ss, SEL_GUEST_KERNEL_SS);
    assert_int_equal(guest->state.frame.ebx, 0xB0);
    assert_int_equal(guest->state.frame.ecx, 0xC0);
    assert_int_equal(guest->state.frame.edx, 0xD0);
    assert_int_equal(guest->state.esp0, 0x7777);
    assert_true(guest->state.virq.enabled);
}

static void test_iret_to_user(void **state)
{
    (void)state;
    CALL(HV_CALL_IRET, 0x5000, 0x2, 0x6000, 0x7001, 1);
    expect_crash("hv_iret: esp0 0x00007001 asks for guest user mode, which needs paging, and paging is off");
    guest->state.paging.is_on = true;
    guest->state.virq.enabled = true;
    CALL(HV_CALL_IRET, 0x5000, 0x2, 0x6000, 0x7001, 1);
    assert_string_equal(guest->life.reason, "");
    assert_int_equal(guest->state.frame.cs, SEL_GUEST_USER_CS);
    assert_int_equal(guest->state.frame.ss, SEL_GUEST_DATA);
    assert_int_equal(guest->state.frame.esp, 0x6000);
    assert_int_equal(guest->state.frame.eflags, 0x202);
    assert_int_equal(guest->state.esp0, 0x7001);
    assert_false(guest->state.virq.enabled);
}

static void test_iret_eip(void **state)
{
    (void)state;
    CALL(HV_CALL_IRET, HV_MAX_GVA, 0x2, 0x6000, 0, 1);
    assert_string_equal(guest->life.reason, "");
    assert_int_equal(guest->state.frame.eip, HV_MAX_GVA);
    fake_guest_setup(state);
    CALL(HV_CALL_IRET, 0xFF000000, 0x2, 0x6000, 0, 1);
    expect_crash("hv_iret: eip 0xff000000 lies above 0xfeffffff");
}

/* Each of the 32 bits alone: loaded, taken as virtual IF, ignored (bit 1), or deadly with its name. */
static void test_iret_every_flag(void **state)
{
    static const char *const deadly[32] = {
        [3] = "the undefined bit 3", [5] = "the undefined bit 5", [12] = "IOPL", [13] = "IOPL", [14] = "NT",
        [15] = "the undefined bit 15", [17] = "VM", [18] = "AC", [19] = "VIF", [20] = "VIP", [21] = "ID",
    };

    for (unsigned bit = 0; bit < 32; bit++) {
        uint32_t eflags = 1u << bit;
        char reason[200];
        fake_guest_setup(state);
        CALL(HV_CALL_IRET, 0x5000, eflags, 0x6000, 0, 1);
        if (deadly[bit] == NULL && bit < 22) {
            assert_string_equal(guest->life.reason, "");
            assert_int_equal(guest->state.frame.eflags, eflags | 0x202);
            assert_int_equal(guest->state.virq.enabled, bit == 9);
        } else if (bit >= 12 && bit <= 21 && bit != 15) {
            snprintf(reason, sizeof(reason), "hv_iret: eflags 0x%08x has %s set, which a guest cannot have", eflags,
                     deadly[bit]);
            expect_crash(reason);
        } else {
            snprintf(reason, sizeof(reason), "hv_iret: eflags 0x%08x has the undefined bit %u set", eflags, bit);
            expect_crash(reason);
        }
    }
}

/* AC and ID are the guest's for real, by POPF; hv_iret does not carry them, so it must not lose them either. */
static void test_iret_keeps_ac_and_id(void **state)
{
    (void)state;
    guest->state.frame.eflags = 0x202 | 1u << 18 | 1u << 21 | 1u << 14 | 0x8D5;
    CALL(HV_CALL_IRET, 0x5000, 0x2, 0x6000, 0, 1);
    assert_int_equal(guest->state.frame.eflags, 0x202 | 1u << 18 | 1u << 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_setidt, fake_guest_setup),
        cmocka_unit_test_setup(test_virtual_if, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_to_kernel, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_to_user, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_eip, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_every_flag, fake_guest_setup),
        cmocka_unit_test_setup(test_iret_keeps_ac_and_id, fake_guest_setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
