/*
 * test_fpu.c - which processors need their x87 error pointers cleared, and a fresh state field by field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/fpu.h"

#define ALWAYS_RESTORED 0x4u

static void only_amds_own_kind_keeps_error_pointers(void **state)
{
    (void)state;
    const char *const keepers[] = { "AuthenticAMD", "HygonGenuine" };
    const char *const others[] = { "GenuineIntel", "CentaurHauls", "  Shanghai  ", "AuthenticAMd" };

    for (unsigned i = 0; i < 2; i++) {
        assert_true(fpu_keeps_error_pointers(keepers[i], 0x80000008, 0));
        assert_true(fpu_keeps_error_pointers(keepers[i], 0x8000001F, ~ALWAYS_RESTORED));
        assert_false(fpu_keeps_error_pointers(keepers[i], 0x80000008, ALWAYS_RESTORED));
        /* An old one without that leaf answers with another leaf's words. */
        assert_true(fpu_keeps_error_pointers(keepers[i], 0x80000007, ALWAYS_RESTORED));
    }
    for (unsigned i = 0; i < 4; i++)
        assert_false(fpu_keeps_error_pointers(others[i], 0x80000008, 0));
}

static void fresh_state_is_reset_and_fninit(void **state)
{
    (void)state;
    uint8_t area[FPU_AREA_BYTES], expected[FPU_AREA_BYTES] = { [0] = 0x7F, [1] = 0x03, [24] = 0x80, [25] = 0x1F };

    memset(area, 0xA5, sizeof(area));
    fpu_fresh(area);
    assert_memory_equal(area, expected, sizeof(area));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_amds_own_kind_keeps_error_pointers),
        cmocka_unit_test(fresh_state_is_reset_and_fninit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
