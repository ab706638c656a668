/*
 * test_rmap.c - frames that are writable in more places than the reverse map has room for: tables are protected all the
 * same, leaves that nobody needs give way, and data that becomes a table is searched for, a little at each hv_setpd.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "pagetable/compile.h"
#include "pagetable/host_table.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"
#include "paging_model.h"

#define FRAMES 64u
#define DIRECTORY 1u
#define OTHER_DIRECTORY 2u
#define WINDOW 3u           /* RAM one to one, at PDE 0 of both */
#define TABLE 10u           /* and those behind it, at PDE 1 and up */
#define OTHERS 3u
#define PAGE 40u
#define FULL 7u             /* entry bits */
#define PLACES 4u
#define PLACES_AT 100u      /* in WINDOW: pages that show one frame, PLACES for each */

static int start(void **state)
{
    machine_start(state);
    rmap_search_tables = 12;
    assert_true(model_start(FRAMES));
    for (uint32_t i = 0; i < 2; i++)
        model_put(DIRECTORY + i, 0, WINDOW << 12 | FULL);
    for (uint32_t i = 0; i < FRAMES; i++)
        model_put(WINDOW, i, i << 12 | FULL);
    return 0;
}

static int stop(void **state)
{
    model_stop();
    return machine_stop(state);
}

static uint16_t flags(uint32_t frame)
{
    return model_space.ram->frames[frame].flags;
}

/* All places show the frame, and are written. */
static void write_places(uint32_t first)
{
    for (uint32_t i = 0; i < PLACES; i++)
        assert_int_equal(model_store(GVA((first + i) << 12 | 8), false, i), ACCESS_DONE);
}

static void make_places(uint32_t frame, uint32_t first)
{
    for (uint32_t i = 0; i < PLACES; i++)
        model_put(WINDOW, first + i, frame << 12 | FULL);
}

/* Any leaf of this host frame that lets it be written, in all shadows. */
static uint32_t count_writable(uint32_t frame)
{
    const struct shadow_pool *pool = model_space.shadows;
    uint64_t wanted = (uint64_t)model_space.ram->frames[frame].host << PAGE_SHIFT;
    uint32_t count = 0;

    for (uint32_t i = 1; i <= pool->table_count; i++) {
        for (uint32_t half = 0; half < 2; half++) {
            const uint64_t *leaves = pool->tables[i].half[half].v ? hpa_to_ptr(pool->tables[i].half[half]) : NULL;
            for (uint32_t j = 0; leaves && j < TABLE_ENTRIES; j++)
                count += leaves[j] & PTE_W && (leaves[j] & PTE_ADDRESS) == wanted;
        }
    }
    return count;
}

/* A table that is written in four places in turn is traced at each hv_setpd, and each place can be written again. */
static void test_table_in_many_places(void **state)
{
    (void)state;
    make_places(TABLE, PLACES_AT);
    model_put(DIRECTORY, 1, TABLE << 12 | FULL);
    model_put(TABLE, 0, PAGE << 12 | FULL);
    assert_true(model_setpd(DIRECTORY, true));
    assert_int_equal(model_load(GVA(1u << 22), false), ACCESS_DONE);
    for (uint32_t round = 0; round < 3; round++) {
        write_places(PLACES_AT);
        assert_true(count_writable(TABLE) <= GFRAME_LEAVES && !(flags(TABLE) & GFRAME_MANY));
        assert_true(model_setpd(DIRECTORY, true));
        assert_true(flags(TABLE) & GFRAME_TRACED);
        assert_int_equal(count_writable(TABLE), 0);
    }
}

/* Data may be writable everywhere, at no cost. When it becomes a table, each hv_setpd looks at so many shadows only. */
static void test_data_becomes_table(void **state)
{
    (void)state;
    make_places(TABLE, PLACES_AT);
    assert_true(model_setpd(DIRECTORY, true));
    write_places(PLACES_AT);
    assert_true(flags(TABLE) & GFRAME_MANY);
    assert_int_equal(count_writable(TABLE), PLACES);
    model_put(DIRECTORY, 1, TABLE << 12 | FULL);
    for (uint32_t i = 1; i < OTHERS; i++)       /* more to look at */
        model_put(DIRECTORY, 1 + i, (TABLE + i) << 12 | FULL);
    for (uint32_t i = 0; i < OTHERS; i++) {
        model_put(TABLE + i, 0, PAGE << 12 | FULL);
        assert_int_equal(model_load(GVA((1u + i) << 22), false), ACCESS_DONE);
    }
    rmap_search_tables = 1;
    assert_true(model_setpd(DIRECTORY, true));
    uint32_t rounds = 0;
    for (; flags(TABLE) & GFRAME_SEARCHED; rounds++) {
        assert_false(flags(TABLE) & GFRAME_TRACED);
        write_places(PLACES_AT);        /* leaves that are made meanwhile are on record */
        assert_true(model_setpd(DIRECTORY, true));
    }
    assert_int_equal(rounds, 1 + OTHERS + 1);   /* the window is a table, too; the last finds that there are no more */
    assert_int_equal(flags(TABLE), GFRAME_TRACED);
    assert_int_equal(count_writable(TABLE), 0);
}

/* One search at a time; each frame has its turn. */
static void test_searches_in_turn(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < OTHERS; i++)
        make_places(TABLE + i, PLACES_AT + i * PLACES);
    assert_true(model_setpd(DIRECTORY, true));
    for (uint32_t i = 0; i < OTHERS; i++)
        write_places(PLACES_AT + i * PLACES);
    for (uint32_t i = 0; i < OTHERS; i++) {
        model_put(DIRECTORY, 1 + i, (TABLE + i) << 12 | FULL);
        model_put(TABLE + i, 0, PAGE << 12 | FULL);
        assert_int_equal(model_load(GVA((1u + i) << 22), false), ACCESS_DONE);
    }
    for (uint32_t round = 0; round <= OTHERS; round++) {
        uint32_t searched = 0, traced = 0;
        assert_true(model_setpd(DIRECTORY, true));
        for (uint32_t i = 0; i < OTHERS; i++) {
            searched += !!(flags(TABLE + i) & GFRAME_SEARCHED);
            traced += flags(TABLE + i) & GFRAME_TRACED;
        }
        assert_int_equal(searched, round < OTHERS);
        assert_int_equal(traced, round);
    }
}

/*
 * Pebbles searched for leaves in 82.7 % of what it cost: pages of processes that ended, whose tables nobody had read
 * since, kept their leaves, and the frames seemed to be writable in many places.
 */
static void test_leaves_of_the_dead(void **state)
{
    (void)state;
    for (uint32_t process = 0; process < 6; process++) {
        uint32_t table = TABLE + process;
        model_put(OTHER_DIRECTORY, 1, table << 12 | FULL);
        model_put(table, process, PAGE << 12 | FULL);
        assert_true(model_setpd(OTHER_DIRECTORY, true));
        assert_int_equal(model_store(GVA(1u << 22 | process << 12), true, process), ACCESS_DONE);
        assert_true(model_setpd(DIRECTORY, true));
        model_put(table, process, 0);           /* the process ends */
        if (process % 2)
            model_put(OTHER_DIRECTORY, 1, 0);
        assert_false(flags(PAGE) & GFRAME_MANY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table_in_many_places, start, stop),
        cmocka_unit_test_setup_teardown(test_data_becomes_table, start, stop),
        cmocka_unit_test_setup_teardown(test_searches_in_turn, start, stop),
        cmocka_unit_test_setup_teardown(test_leaves_of_the_dead, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
