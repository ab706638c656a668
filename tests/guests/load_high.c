/*
 * load_high.c - an image above 16 MiB, in a guest with more RAM above it.
 *
 * The loader must follow p_paddr wherever it points, and code must run there: a hypervisor that thinks guest addresses
 * end at the shift of its segments would refuse it or load it wrapped. guestfs/meson.build links this one at 17 MiB.
 */
#include "test.h"

static uint32_t initialised = 0x12345678;
static uint32_t zeroes[1000];

int main(void)
{
    CHECK((uint32_t)(uintptr_t)&main > 0x1100000);
    CHECK((uint32_t)(uintptr_t)&initialised > 0x1100000);
    CHECK_EQUAL(*(volatile uint32_t *)&initialised, 0x12345678);
    for (unsigned i = 0; i < 1000; i++)
        CHECK_EQUAL(*(volatile uint32_t *)&zeroes[i], 0);
    return test_result();
}
