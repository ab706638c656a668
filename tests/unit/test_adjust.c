/*
 * test_adjust.c - hv_adjustpg: addresses that are no page's are refused, also where the page beside is remembered; a
 * page that is remembered and one that is not are read again alike. And: a frame that was writable in more places than
 * are recorded can be traced again when these are gone; one hv_setpd looks for the leaves of one such frame at most.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "pagetable/compile.h"
#include "pagetable/host_table.h"
#include "pagetable/shadow.h"
#include "paging_model.h"

#define FRAMES 32u
#define DIRECTORY 1u
#define TABLE 2u            /* RAM one to one, at PDE 0 */
#define PAGE 8u
#define FULL 7u             /* entry bits */
#define MAX_GVA 0xFEFFFFFFu /* docs/abi.md "Launch" */

static int start(void **state)
{
    machine_start(state);
    assert_true(model_start(FRAMES));
    model_put(DIRECTORY, 0, TABLE << 12 | FULL);
    for (uint32_t i = 0; i < FRAMES; i++)
        model_put(TABLE, i, i << 12 | FULL);
    return 0;
}

static int stop(void **state)
{
    model_stop();
    return machine_stop(state);
}

static bool adjust(uint32_t address)
{
    bool is_done = gspace_adjustpg(&model_space, GVA(address));

    model_check_all();
    return is_done;
}

static void test_refused(void **state)
{
    (void)state;
    assert_false(adjust(PAGE << 12));       /* paging is off */
    assert_true(model_setpd(DIRECTORY, true));
    assert_int_equal(model_load(GVA(PAGE << 12), false), ACCESS_DONE);
    assert_int_equal(model_space.shadows->known_regions[0], 0);
    assert_false(adjust(PAGE << 12 | 1));   /* its region is remembered */
    assert_false(adjust(PAGE << 12 | 0x800));
    assert_true(adjust(PAGE << 12));
    assert_false(adjust(5u << 22 | 4));     /* and here it is not */
    assert_true(adjust(5u << 22));
    assert_true(adjust(MAX_GVA & ~PAGE_MASK));
    assert_false(adjust(MAX_GVA + 1));
    assert_false(adjust(0xFFFFF000));
}

/* One entry changes from frame to frame; each time the leaf is the new one at once. */
static void test_read_again(void **state)
{
    (void)state;
    assert_true(model_setpd(DIRECTORY, true));
    assert_int_equal(model_load(GVA(PAGE << 12), false), ACCESS_DONE);
    for (uint32_t round = 0; round < 6; round++) {
        uint32_t frame = PAGE + 1 + round % 3;
        assert_int_equal(model_store(GVA(frame << 12), false, frame), ACCESS_DONE);     /* backed */
        model_put(TABLE, PAGE, frame << 12 | (round & 1 ? 1 : FULL));
        if (round >= 3)
            shadow_forget_regions(model_space.shadows);
        assert_true(adjust(PAGE << 12));
        const struct shadow_table *table = shadow_find_table(&model_space, TABLE, ROLE_WP);
        uint64_t leaf = ((const uint64_t *)hpa_to_ptr(table->half[0]))[PAGE];
        assert_int_equal((leaf & PTE_ADDRESS) >> PAGE_SHIFT, model_space.ram->frames[frame].host);
        assert_int_equal(!(leaf & PTE_W), round & 1);
        assert_int_equal(model_load(GVA(PAGE << 12), false), ACCESS_DONE);
    }
}

#define OTHER_TABLE 9u      /* and those behind it: tables that are writable in many places, at PDE 1 and up */
#define OTHERS 3u
#define PLACES 4u
#define PLACES_AT 100u      /* in TABLE, PLACES for each */

/* Make these tables, write to them everywhere, and use them. */
static void make_many(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        model_put(OTHER_TABLE + i, 0, PAGE << 12 | FULL);
        for (uint32_t j = 0; j < PLACES; j++)
            model_put(TABLE, PLACES_AT + i * PLACES + j, (OTHER_TABLE + i) << 12 | FULL);
        model_put(DIRECTORY, 1 + i, (OTHER_TABLE + i) << 12 | FULL);
    }
    assert_true(model_setpd(DIRECTORY, true));
    for (uint32_t i = 0; i < count * PLACES; i++)
        assert_int_equal(model_store(GVA((PLACES_AT + i) << 12 | 8), false, 0), ACCESS_DONE);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(model_load(GVA((1u + i) << 22), false), ACCESS_DONE);
        assert_true(model_space.ram->frames[OTHER_TABLE + i].flags & GFRAME_MANY);
    }
}

static void test_many_ends(void **state)
{
    (void)state;
    make_many(1);
    assert_true(model_setpd(DIRECTORY, true));
    const struct shadow_table *table = shadow_find_table(&model_space, OTHER_TABLE, ROLE_WP);
    assert_false(table->is_synced);
    for (uint32_t i = 1; i < PLACES; i++)
        model_put(TABLE, PLACES_AT + i, 0);
    for (uint32_t i = 0; i < 256 && !table->is_synced; i++)
        assert_true(model_setpd(DIRECTORY, true));
    assert_true(table->is_synced && !(model_space.ram->frames[OTHER_TABLE].flags & GFRAME_MANY));
}

static uint32_t count_tried(void)
{
    uint32_t tried = 0;

    for (uint32_t i = 0; i < OTHERS; i++)
        tried += model_space.ram->frames[OTHER_TABLE + i].flags >> GFRAME_TRIED_SHIFT != 0;
    return tried;
}

static void test_many_in_turn(void **state)
{
    (void)state;
    make_many(OTHERS);
    for (uint32_t i = 0; i < OTHERS; i++) {
        assert_int_equal(count_tried(), i);
        assert_true(model_setpd(DIRECTORY, true));
    }
    assert_int_equal(count_tried(), OTHERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_read_again, start, stop),
        cmocka_unit_test_setup_teardown(test_many_ends, start, stop),
        cmocka_unit_test_setup_teardown(test_many_in_turn, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
