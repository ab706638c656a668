/*
 * test_vpc_habits.c - what kernels that grew up in QEMU, or by old books, ask of a virtual PC's devices, and had not got.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "small_pc.h"

#define APIC_BASE 0xFEE00900u

/* Where the local APIC is: what stands there may be written back, and nothing else. */
static void test_apic_base(void **state)
{
    uint64_t value = 0;

    (void)state;
    assert_true(vpc_bus.msr_read(&vpc, 0x1B, &value));
    assert_int_equal(value, APIC_BASE);
    assert_true(vpc_bus.msr_write(&vpc, 0x1B, APIC_BASE));
    assert_false(vpc_bus.msr_write(&vpc, 0x1B, 0xFEE00100));
    assert_false(vpc_bus.msr_write(&vpc, 0x1C, APIC_BASE));
    assert_false(vpc_bus.msr_read(&vpc, 0x1A, &value));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, small_pc_start, small_pc_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_apic_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
