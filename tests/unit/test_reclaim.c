/*
 * test_reclaim.c - the dead are taken apart in pieces of every length: a piece is as long as it may be, all comes back
 * whatever the guest had, and an allocation gets what is on its way back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/frames.h"
#include "fake_mmu.h"
#include "guest/guest.h"
#include "guest/reclaim.h"
#include "pagetable/gwalk.h"
#include "pagetable/tlb_flush.h"
#include "pagetable/vmap.h"

#define FRAMES 600u             /* of RAM: a page of records has 256 */
#define DIRECTORY 1u            /* and those behind it */
#define DIRECTORIES 8u
#define TABLE 20u               /* and those behind it */
#define TABLES 10u
#define STEP_FRAMES 6u          /* that a step gives back at most */
#define SHIPPED_STEPS 1000u     /* RECLAIM_STEPS of service.c */
#define LAST_FRAMES 8u          /* and more with the last one of a guest: pages of records */

static uint64_t free_before;

static int start(void **state)
{
    machine_start(state);
    reclaim_init();
    free_before = frames_count_free();
    return 0;
}

static struct guest *make_guest(void)
{
    struct guest *guest = vmap_alloc(sizeof(*guest));

    assert_non_null(guest);
    assert_true(machine_make(&guest->space, &guest->ram, &guest->state.paging, FRAMES));
    gspace_load(&guest->space);
    guest->life.report = "";
    return guest;
}

/* With a hole in its records. */
static struct guest *make_touched(void)
{
    struct guest *guest = make_guest();

    for (uint32_t frame = 0; frame < FRAMES; frame += frame < 100 ? 1 : frame < 520 ? 420 : 20) {
        struct access_result result = machine_access(&guest->space, GVA(frame << PAGE_SHIFT), false, true);
        assert_int_equal(result.end, ACCESS_DONE);
    }
    assert_int_not_equal(guest->ram.frames[300].flags & GFRAME_ABSENT, 0);
    return guest;
}

/* Directories and tables, all in use, some written since; the last directory is loaded. */
static struct guest *make_paging(void)
{
    struct guest *guest = make_guest();

    for (uint32_t i = 0; i < TABLES; i++)
        for (uint32_t j = 0; j < 3; j++)
            machine_put(&guest->space, TABLE + i, j * 500, (100 + i + j) << 12 | GPTE_P | GPTE_W | GPTE_U);
    for (uint32_t i = 0; i < DIRECTORIES; i++) {
        for (uint32_t j = 0; j < TABLES; j++)
            machine_put(&guest->space, DIRECTORY + i, 1 + j * 90, (TABLE + j) << 12 | GPTE_P | GPTE_W);
        assert_true(gspace_setpd(&guest->space, GPA((DIRECTORY + i) << PAGE_SHIFT), i % 2));
        for (uint32_t j = 0; j < TABLES; j++)
            for (uint32_t k = 0; k < 3; k++) {
                gva_t at = GVA((1 + j * 90) << 22 | k * 500 << PAGE_SHIFT);
                assert_int_equal(machine_access(&guest->space, at, false, true).end, ACCESS_DONE);
            }
        machine_put(&guest->space, TABLE + i, 7, 0);
    }
    return guest;
}

static void bury(struct guest *guest)
{
    tlb_load_root(HPA_NONE);
    guest->life.is_released = true;
    reclaim_add(guest);
}

static struct guest *(*const makers[])(void) = { make_guest, make_touched, make_paging };

/* Pieces of a length: none gives back more than it may, and in the end there is nothing left. */
static void take_apart(struct guest *guest, uint32_t steps)
{
    uint64_t before = frames_count_free();

    bury(guest);
    assert_true(reclaim_waits());
    while (reclaim_step(steps)) {
        assert_true(frames_count_free() - before <= (uint64_t)STEP_FRAMES * steps);
        before = frames_count_free();
    }
    assert_true(frames_count_free() - before <= (uint64_t)STEP_FRAMES * steps + LAST_FRAMES);
    assert_false(reclaim_waits());
    assert_int_equal(frames_count_free(), free_before);
    assert_int_equal(machine_vmaps, 0);
}

static void test_pieces_of_every_length(void **state)
{
    (void)state;
    for (uint32_t steps = 1; steps <= SHIPPED_STEPS; steps++)
        for (unsigned i = 0; i < 3; i++)
            take_apart(makers[i](), steps);
    for (unsigned i = 0; i < 3; i++)
        take_apart(makers[i](), UINT32_MAX);
}

/* What is left of one that died first waits for those that died later, and is not lost. */
static void test_many_dead(void **state)
{
    (void)state;
    struct guest *first = make_touched(), *second = make_paging(), *third = make_guest();

    bury(first);
    assert_true(reclaim_step(50));
    bury(second);
    assert_true(reclaim_step(20));
    bury(third);
    while (reclaim_step(3))
        ;
    assert_int_equal(frames_count_free(), free_before);
    assert_int_equal(machine_vmaps, 0);
}

/* It ended, and somebody still looks at its console: its memory goes, the struct stays until it is released. */
static void test_kept_until_released(void **state)
{
    (void)state;
    struct guest *guest = make_touched();

    guest->life.end = GUEST_END_CRASH;
    guest->life.report = vmap_alloc(100);
    reclaim_add(guest);
    while (reclaim_step(1))
        ;
    assert_int_equal(frames_count_free(), free_before);
    assert_int_equal(machine_vmaps, 2);
    assert_int_equal(guest->ram.bytes, FRAMES * PAGE_SIZE);
    bury(guest);
    assert_false(reclaim_step(1));
    assert_int_equal(machine_vmaps, 0);
}

/* Released while it is being taken apart. */
static void test_released_meanwhile(void **state)
{
    (void)state;
    struct guest *guest = make_touched();

    reclaim_add(guest);
    assert_true(reclaim_step(10));
    bury(guest);
    while (reclaim_step(10))
        ;
    assert_int_equal(frames_count_free(), free_before);
    assert_int_equal(machine_vmaps, 0);
}

/* Nobody sees memory out that is on its way back: each frame of it is there for who allocates, and then no more. */
static void test_shortage(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct guest *guest = makers[i]();
        uint64_t held = free_before - frames_count_free(), got = 0;
        hpa_t taken[MACHINE_FRAMES];
        bury(guest);
        machine_leave_free(0);
        while (got < MACHINE_FRAMES && (taken[got] = frames_alloc()).v)
            got++;
        assert_int_equal(got, held);
        assert_false(reclaim_waits());
        while (got)
            frames_free(taken[--got]);
        machine_leave_free(MACHINE_NEVER);
        assert_int_equal(frames_count_free(), free_before);
        assert_int_equal(machine_vmaps, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pieces_of_every_length, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_many_dead, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_kept_until_released, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_released_meanwhile, start, machine_stop),
        cmocka_unit_test_setup_teardown(test_shortage, start, machine_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
