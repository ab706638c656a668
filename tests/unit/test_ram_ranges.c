/*
 * test_ram_ranges.c - the loader's range list against a naive model: one kind for each page of a small address space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ram_ranges.h"

#define PAGES 64
#define RANGES 24

/* Later in this list wins where ranges overlap. */
static const uint32_t order[] = { BOOT_RANGE_FREE, BOOT_RANGE_ACPI, BOOT_RANGE_RUNTIME, BOOT_RANGE_LOADER,
                                 BOOT_RANGE_OURS, 0 };

static int strength(uint32_t kind)
{
    for (int i = 0; i < 6; i++)
        if (order[i] == kind)
            return i;
    return -1;
}

/* kinds[p] = -1 where nothing lies. Free memory counts only whole pages, the rest every page it touches. */
static void model(const struct boot_range *ranges, unsigned count, int kinds[PAGES])
{
    for (unsigned p = 0; p < PAGES; p++) {
        kinds[p] = -1;
        for (unsigned i = 0; i < count; i++) {
            uint64_t start = p * 4096ull, end = start + 4096, from = ranges[i].base, to = from + ranges[i].length;
            int touches = from < end && to > start && ranges[i].length != 0;
            int covers = from <= start && to >= end;
            int counts = ranges[i].kind == BOOT_RANGE_FREE ? covers : touches;
            if (counts && (kinds[p] < 0 || strength(ranges[i].kind) > strength((uint32_t)kinds[p])))
                kinds[p] = (int)ranges[i].kind;
        }
        if (kinds[p] == 0)
            kinds[p] = -1;
    }
}

static void check(const struct boot_range *ranges, uint64_t count, const int kinds[PAGES])
{
    int seen[PAGES];
    memset(seen, -1, sizeof(seen));
    for (uint64_t i = 0; i < count; i++) {
        assert_true(ranges[i].length > 0 && ranges[i].base % 4096 == 0 && ranges[i].length % 4096 == 0);
        if (i > 0) {
            uint64_t end = ranges[i - 1].base + ranges[i - 1].length;
            assert_true(end <= ranges[i].base);
            assert_false(end == ranges[i].base && ranges[i - 1].kind == ranges[i].kind);    /* merged */
        }
        for (uint64_t p = ranges[i].base / 4096; p < (ranges[i].base + ranges[i].length) / 4096; p++)
            seen[p] = (int)ranges[i].kind;
    }
    assert_memory_equal(seen, kinds, sizeof(seen));
}

static void random_maps_agree_with_the_model(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        struct boot_range ranges[RANGES], sorted[2 * RANGES];
        int kinds[PAGES];
        unsigned count = (unsigned)rand() % (RANGES + 1);
        for (unsigned i = 0; i < count; i++) {
            int aligned = rand() % 4 != 0;
            uint64_t base = (uint64_t)rand() % (PAGES * 4096), length = (uint64_t)rand() % (12 * 4096);
            if (aligned) {
                base &= ~4095ull;
                length &= ~4095ull;
            }
            if (base + length > PAGES * 4096)
                length = PAGES * 4096 - base;
            ranges[i] = (struct boot_range){ base, length, order[rand() % 6], 7 };
        }
        model(ranges, count, kinds);
        check(sorted, ram_ranges_normalise(ranges, count, sorted, 2 * RANGES), kinds);
    }
}

static void types_are_the_specifications(void **state)
{
    (void)state;
    const uint32_t free_types[] = { 1, 2, 3, 4, 7 };
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(ram_ranges_kind(free_types[i]), BOOT_RANGE_FREE);
    assert_int_equal(ram_ranges_kind(5), BOOT_RANGE_RUNTIME);
    assert_int_equal(ram_ranges_kind(6), BOOT_RANGE_RUNTIME);
    assert_int_equal(ram_ranges_kind(9), BOOT_RANGE_ACPI);
    assert_int_equal(ram_ranges_kind(10), BOOT_RANGE_ACPI);
    const uint32_t left_alone[] = { 0, 8, 11, 12, 13, 14, 15, 0x70000000, 0x80000000, 0xFFFFFFFF };
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(ram_ranges_kind(left_alone[i]), 0);
}

static void the_end_of_the_address_space_is_no_trap(void **state)
{
    (void)state;
    struct boot_range sorted[8], ranges[2] = { { UINT64_MAX - 0x1FFF, 0x10000, BOOT_RANGE_FREE, 0 },
                                               { 0x1000, 0x1000, BOOT_RANGE_FREE, 0 } };
    assert_int_equal(ram_ranges_normalise(ranges, 2, sorted, 8), 2);
    assert_int_equal(sorted[0].base, 0x1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_maps_agree_with_the_model),
        cmocka_unit_test(types_are_the_specifications),
        cmocka_unit_test(the_end_of_the_address_space_is_no_trap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
