/*
 * test_trap_frame.c - whose frame is it: every CS and SS of the descriptor table and around it, with every EFLAGS bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/trap_frame.h"
#include "cpu/x86.h"

#define SELECTORS 0x80

static const struct trap_frame kernel = {
    .cs = SEL_GUEST_KERNEL_CS, .ss = SEL_GUEST_KERNEL_SS, .eflags = EFLAGS_IF | EFLAGS_FIXED,
};

static void only_two_pairs_of_selectors_are_a_guests(void **state)
{
    (void)state;
    struct trap_frame frame = kernel;
    unsigned guests = 0;

    for (frame.cs = 0; frame.cs < SELECTORS; frame.cs++)
        for (frame.ss = 0; frame.ss < SELECTORS; frame.ss++)
            guests += trap_frame_is_guests(&frame);
    assert_int_equal(guests, 2);
    assert_true(trap_frame_is_guests(&kernel));
    frame.cs = SEL_GUEST_USER_CS;
    frame.ss = SEL_GUEST_DATA;
    assert_true(trap_frame_is_guests(&frame));
}

/* Virtual-8086 mode loads 16 bits of CS; what else may stand in the processor's word counts, too. */
static void a_selector_is_a_whole_word(void **state)
{
    (void)state;
    struct trap_frame frame = kernel;

    frame.cs |= 1ull << 32;
    assert_false(trap_frame_is_guests(&frame));
    frame = kernel;
    frame.ss |= 0x10000;
    assert_false(trap_frame_is_guests(&frame));
}

static void a_guest_has_if_and_neither_vm_nor_iopl(void **state)
{
    (void)state;
    struct trap_frame frame = kernel;

    for (uint32_t eflags = 0; eflags < 1u << 22; eflags++) {
        frame.eflags = eflags;
        bool expected = (eflags & EFLAGS_IF) && !(eflags & EFLAGS_VM) && (eflags & EFLAGS_IOPL) == 0;
        if (trap_frame_is_guests(&frame) != expected)
            fail_msg("EFLAGS 0x%x", eflags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_two_pairs_of_selectors_are_a_guests),
        cmocka_unit_test(a_selector_is_a_whole_word),
        cmocka_unit_test(a_guest_has_if_and_neither_vm_nor_iopl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
