/*
 * test_give_back.c - what a guest gives back is the machine's again, to the frame, and reads as zero: with paging off
 * and on, where there never was a record, and if the guest is killed half way. Random edits of page tables around it
 * are in test_shadow.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "pagetable/gwalk.h"
#include "paging_model.h"

#define FRAMES 64u
#define DIRECTORY 1u
#define TABLE 2u
#define ALL 1000000u        /* steps */

static void touch(uint32_t frame)
{
    model_put(frame, 5, frame + 1);
}

static void expect_word(uint32_t frame, uint32_t value)
{
    assert_int_equal(model_ram[frame][5], value);
    assert_int_equal(model_load(GVA(frame << PAGE_SHIFT | 20), false), ACCESS_DONE);
}

static void test_paging_off(void **state)
{
    (void)state;
    assert_true(model_start(FRAMES));
    for (uint32_t i = 8; i < 24; i++)
        touch(i);
    uint64_t before = frames_count_free();
    model_give_back(10, 6, ALL);
    assert_int_equal(frames_count_free(), before + 6);
    model_give_back(10, 6, 1);          /* again, in pieces: there is nothing left to give */
    assert_int_equal(frames_count_free(), before + 6);
    expect_word(9, 10);
    expect_word(10, 0);
    expect_word(15, 0);
    expect_word(16, 17);
    touch(12);
    expect_word(12, 13);
    assert_int_equal(frames_count_free(), before + 3);
    model_stop();
}

/* RAM shown one to one by a directory and its table, frames first .. end - 1 of it touched. */
static void start_paging(uint32_t first, uint32_t end)
{
    assert_true(model_start(FRAMES));
    for (uint32_t i = 0; i < FRAMES; i++)
        model_put(TABLE, i, i << GPTE_FRAME_SHIFT | GPTE_P | GPTE_W);
    model_put(DIRECTORY, 0, TABLE << GPTE_FRAME_SHIFT | GPTE_P | GPTE_W);
    assert_true(model_setpd(DIRECTORY, true));
    for (uint32_t i = first; i < end; i++)
        touch(i);
}

static void test_paging_on(void **state)
{
    (void)state;
    start_paging(8, 24);
    uint64_t before = frames_count_free();
    model_give_back(10, 6, ALL);
    assert_int_equal(frames_count_free(), before + 6);
    expect_word(9, 10);
    expect_word(10, 0);
    touch(12);
    expect_word(12, 13);
    model_stop();
}

/* The directory that is loaded keeps its frame: all that it maps is gone, and by a fault the guest learns of it. */
static void test_loaded_directory(void **state)
{
    (void)state;
    start_paging(8, 10);
    model_give_back(DIRECTORY, 1, ALL);
    assert_non_null(ram_peek(model_space.ram, DIRECTORY));
    assert_int_equal(model_load(GVA(8 << PAGE_SHIFT), false), ACCESS_REFLECTED);
    model_stop();
}

/* Its table has a shadow, which goes first. */
static void test_table(void **state)
{
    (void)state;
    start_paging(8, 10);
    model_give_back(TABLE, 1, 1);
    assert_null(ram_peek(model_space.ram, TABLE));
    assert_int_equal(model_load(GVA(8 << PAGE_SHIFT), false), ACCESS_REFLECTED);
    model_stop();
}

/* Page after page of records that are not there takes a step each. */
static void test_never_touched(void **state)
{
    (void)state;
    static struct gspace space;
    static struct ram ram;
    static struct guest_paging paging;
    uint32_t first = 0, left = 1000, steps = 300;

    assert_true(machine_make(&space, &ram, &paging, 1000));
    gspace_load(&space);
    assert_int_equal(machine_access(&space, GVA(600 << PAGE_SHIFT), false, true).end, ACCESS_DONE);
    uint64_t before = frames_count_free();
    assert_true(gspace_give_back(&space, &first, &left, &steps));
    assert_int_equal(frames_count_free(), before + 1);
    assert_int_equal(first, 1000);
    machine_unmake(&space);
}

/* Pieces of every length up to the shipped one, PIECE_STEPS of call_give_back.c. */
static void test_pieces_of_every_length(void **state)
{
    (void)state;
    uint64_t free_before = frames_count_free();

    for (uint32_t steps = 1; steps <= 3000; steps++) {
        start_paging(8, 40);
        model_give_back(steps % FRAMES, 1 + steps % 5 < FRAMES - steps % FRAMES ? 1 + steps % 5 : 1, steps);
        machine_unmake(&model_space);
        assert_int_equal(frames_count_free(), free_before);
    }
}

/* It may be killed between any two pieces. */
static void test_killed_half_way(void **state)
{
    (void)state;
    uint64_t free_before = frames_count_free();
    bool is_done = false;

    for (uint32_t pieces = 0; !is_done; pieces++) {
        uint32_t first = 0, left = FRAMES;
        start_paging(8, 40);
        for (uint32_t i = 0; i < pieces && !is_done; i++) {
            uint32_t steps = 1;
            is_done = gspace_give_back(&model_space, &first, &left, &steps);
            model_check_all();
        }
        machine_unmake(&model_space);
        assert_int_equal(frames_count_free(), free_before);
        assert_true(is_done || pieces < 1000);
    }
}

/*
 * A report of the guest reads its memory between any two pieces: a leaf made for that must not outlive the host frame,
 * which is somebody else's then. When all is done, a leaf of a frame that was given shows a frame of the guest's, or
 * there is none.
 */
static void test_report_between_pieces(void **state)
{
    (void)state;
    bool is_done = false;

    for (uint32_t pieces = 0; !is_done; pieces++) {
        uint32_t first = 10, left = 20;
        start_paging(8, 40);
        uint64_t before = frames_count_free();
        for (uint32_t i = 0; i < pieces && !is_done; i++) {
            uint32_t steps = 1;
            is_done = gspace_give_back(&model_space, &first, &left, &steps);
        }
        if (!is_done && gspace_fault(&model_space, GVA(25 << PAGE_SHIFT), 0) == GFAULT_FILLED)
            gspace_filled_for_hv(&model_space);
        uint32_t steps = ALL;
        if (!is_done)
            assert_true(gspace_give_back(&model_space, &first, &left, &steps));
        struct mmu_result seen = mmu_walk(GVA(25 << PAGE_SHIFT), false, false);
        if (seen.is_allowed)
            assert_int_equal(seen.address.v >> PAGE_SHIFT, model_space.ram->frames[25].host);
        assert_true(frames_count_free() >= before + 18);
        machine_unmake(&model_space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paging_off, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_paging_on, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_loaded_directory, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_table, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_never_touched, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_pieces_of_every_length, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_killed_half_way, machine_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_report_between_pieces, machine_start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
