/*
 * test_ram_share.c - guests whose RAM is shared: a random walk of stores, loads, clones and ends of up to six guests,
 * held against ram_share_model.h. After each step every count of owners is checked, and every space.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "pagetable/gwalk.h"
#include "ram_share_model.h"
#include "random.h"

#define STEPS 30000u

/* A store, of which each way to the frame must hear: the TLB has all of them before. */
static void store_seen_by_all(struct model *guest, uint32_t number, uint32_t word)
{
    for (uint32_t way = 0; way < 3; way++)
        (void)share_access(guest, number, way, word, false);
    (void)share_access(guest, number, random_u32() % 3, word, true);
    for (uint32_t way = 0; way < 3; way++)
        (void)share_access(guest, number, way, word, false);
}

static void walk_step(void)
{
    struct model *guest = &share_guests[random_u32() % GUESTS];
    uint32_t dice = random_u32() % 1000, number = random_u32() % DATA, word = random_u32() % WORDS;

    if (share_count() == 0)
        (void)share_make();
    if (!guest->is_used)
        return;
    if (dice < 450)
        (void)share_access(guest, number, random_u32() % 3, word, false);
    else if (dice < 850)
        store_seen_by_all(guest, number, word);
    else if (dice < 940 && guest->is_paging)
        share_remap(guest, number);
    else if (dice < 945)
        share_give_back(guest);
    else if (dice < 960 && !guest->is_paging)
        (void)share_begin_paging(guest);
    else if (dice < 980 && share_count() < GUESTS)
        (void)share_clone(guest);
    else if (dice > 990)
        share_end(guest);
}

static void test_random_walk(void **state)
{
    (void)state;
    for (uint32_t step = 0; step < STEPS; step++) {
        walk_step();
        if (step % 7 == 0)
            share_check();
    }
    share_compare_all();
    assert_true(share_clones > 100 && share_slices >= SHIPPED_STEPS);
    share_end_all();
}

/* The same where memory is out now and then: what fails has changed nothing. */
static void test_random_walk_short_of_memory(void **state)
{
    (void)state;
    for (uint32_t step = 0; step < STEPS / 3; step++) {
        bool is_short = step / 50 % 2;
        if (step % 50 == 0)
            machine_leave_free(is_short ? random_u32() % 24 : MACHINE_NEVER);
        bool is_store = random_u32() & 1;
        struct model *guest = &share_guests[random_u32() % GUESTS];
        if (!is_short)
            walk_step();
        else if (!guest->is_used)
            continue;
        else if (random_u32() % 5 == 0 && share_count() < GUESTS)
            (void)share_clone(guest);
        else
            (void)share_access(guest, random_u32() % DATA, random_u32() % 3, 0, is_store);
        if (step % 7 == 0)
            share_check();
    }
    machine_leave_free(MACHINE_NEVER);
    share_compare_all();
    assert_true(share_copies_failed > 10);
    share_end_all();
}

/* One step at a time: who pays for a copy, and who need not. */
static void test_last_owner_takes_the_frame(void **state)
{
    (void)state;
    struct model *source = share_make(), *copy = &share_guests[1];

    assert_true(share_access(source, 0, 0, 0, true));
    assert_true(share_clone(source));
    uint64_t before = frames_count_free();
    uint32_t host = source->ram.frames[share_data_frame(0)].host;
    assert_int_equal(copy->ram.frames[share_data_frame(0)].host, host);
    assert_int_equal(source->ram.shared_count, 1);
    assert_true(share_access(copy, 0, 0, 0, false));
    assert_int_equal(before - frames_count_free(), 3);      /* to read it took the tables that show it */
    assert_int_equal(copy->ram.frames[share_data_frame(0)].host, host);

    assert_true(share_access(source, 0, 0, 0, true));
    assert_int_equal(before - frames_count_free(), 4);
    assert_int_not_equal(source->ram.frames[share_data_frame(0)].host, host);
    assert_int_equal(source->ram.shared_count, 0);
    assert_true(share_access(copy, 0, 0, 0, false));
    assert_true(share_access(copy, 0, 0, 0, true));      /* nobody else has it by now */
    assert_int_equal(copy->ram.frames[share_data_frame(0)].host, host);
    assert_int_equal(before - frames_count_free(), 4);
    assert_true(share_access(source, 0, 0, 0, false));
    share_check();
    share_end_all();
}

/* The other owner is dead, and its memory is what the copy is found in: the frame is still given back once. */
static bool end_second(void)
{
    bool is_used = share_guests[1].is_used;

    if (is_used) {
        machine_unmake(&share_guests[1].space);
        share_guests[1].is_used = false;
    }
    return is_used;
}

static void test_other_owner_ends_by_the_copy(void **state)
{
    (void)state;
    struct model *source = share_make();

    frames_on_shortage(end_second);
    for (uint32_t i = 0; i < 5; i++)
        assert_true(share_access(source, i, 0, 0, true));
    assert_true(share_clone(source));
    assert_true(share_access(source, 0, 0, 0, false));
    machine_leave_free(0);
    assert_true(share_access(source, 0, 0, 0, true));
    assert_false(share_guests[1].is_used);
    machine_leave_free(MACHINE_NEVER);
    share_compare_all();
    frames_on_shortage(NULL);
    share_end_all();
}

/* The hypervisor stores to a guest that does not run. */
static void test_stores_of_the_hypervisor(void **state)
{
    (void)state;
    struct model *source = share_make(), *copy = &share_guests[1];

    assert_true(share_begin_paging(source));
    assert_true(share_access(source, 1, 2, 0, true));
    assert_true(share_clone(source));
    assert_true(share_access(copy, 1, 0, 0, false) && share_access(copy, 1, 2, 0, false));
    share_unload();
    machine_put(&copy->space, share_data_frame(1), 0, 77);
    copy->words[share_data_frame(1)][0] = 77;
    assert_true(share_access(copy, 1, 0, 0, false) && share_access(copy, 1, 1, 0, false));
    assert_true(share_access(copy, 1, 2, 0, false) && share_access(source, 1, 2, 0, false));
    share_unload();
    machine_put(&source->space, USER_TABLE, 2, share_data_frame(5) << 12 | GPTE_P | GPTE_W | GPTE_U);
    source->user_frame[2] = share_data_frame(5);
    share_load(source);
    assert_true(gspace_adjustpg(&source->space, GVA(USER_PDE << 22 | 2 << PAGE_SHIFT)));
    assert_true(share_access(source, 2, 2, 0, true) && share_access(source, 5, 0, 0, false));
    assert_true(share_access(copy, 2, 2, 0, false) && share_access(copy, 5, 0, 0, false));
    share_check();
    share_end_all();
}

/* A clone of a clone of a clone ..., each of which writes one page: they share all but those. */
static void test_generations(void **state)
{
    (void)state;
    struct model *guest = share_make();

    for (uint32_t i = 0; i < DATA; i++)
        assert_true(share_access(guest, i, 0, 0, true));
    for (uint32_t i = 0; i < 100; i++) {
        struct model *child = &share_guests[(i + 1) % 2];
        assert_true(share_clone(guest));
        assert_true(share_access(child, i % DATA, 0, 1, true));
        if (i % 2)
            assert_true(share_access(guest, i % DATA, 0, 1, false));
        share_end(guest);
        share_check();
        guest = child;
    }
    share_compare_all();
    assert_int_equal(guest->ram.backed_count, DATA);
    share_end_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_walk, share_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_random_walk_short_of_memory, share_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_last_owner_takes_the_frame, share_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_other_owner_ends_by_the_copy, share_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_stores_of_the_hypervisor, share_start, machine_stop),
        cmocka_unit_test_setup_teardown(test_generations, share_start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
