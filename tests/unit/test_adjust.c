/*
 * test_adjust.c - hv_adjustpg: addresses that are no page's are refused, also where the page beside is remembered; a
 * page that is remembered and one that is not are read again alike.
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refused, start, stop),
        cmocka_unit_test_setup_teardown(test_read_again, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
