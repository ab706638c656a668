/*
 * test_told.c - strict mode's memory: a use through entries that were changed without a word is found, one that was
 * told of, or that every processor allows, is not. The machine's TLB keeps all that it may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_mmu.h"
#include "pagetable/gwalk.h"
#include "pagetable/shadow.h"
#include "pagetable/told.h"

#define FRAMES 32u
#define FEW_TABLES 16u      /* less than the RAM allows */
#define DIRECTORY 1u
#define TABLE 2u            /* RAM one to one, at PDE 0 */
#define HIGH_TABLE 3u       /* at PDE 1 */
#define SPARE_TABLE 4u
#define PAGE (1u << 22)     /* its entry 0 */
#define OTHER (PAGE + 5 * PAGE_SIZE)
#define FULL 3u             /* kernel, writable */
#define READ 1u

static struct gspace space;
static struct ram ram;
static struct guest_paging paging;
static struct told told;
static struct told_entry before;
static struct gspace_entry now;

static int start(void **state)
{
    machine_start(state);
    assert_true(machine_make(&space, &ram, &paging, FRAMES));
    space.tables_most = FEW_TABLES;
    gspace_load(&space);
    machine_put(&space, DIRECTORY, 0, TABLE << 12 | FULL);
    machine_put(&space, DIRECTORY, 1, HIGH_TABLE << 12 | FULL);
    for (uint32_t i = 0; i < FRAMES; i++)
        machine_put(&space, TABLE, i, i << 12 | FULL);
    machine_put(&space, HIGH_TABLE, 0, 10u << 12 | FULL);
    machine_put(&space, HIGH_TABLE, 5, 11u << 12 | FULL);
    return 0;
}

static int stop(void **state)
{
    machine_unmake(&space);
    return machine_stop(state);
}

static void set_directory(uint32_t wp)
{
    assert_true(gspace_setpd(&space, GPA(DIRECTORY << 12), wp));
    told_all(&told, &space);
}

/* An access of guest kernel, as strict.c and trap.c answer its faults. True: it was found to be broken. */
static bool use(uint32_t address, bool is_write)
{
    uint32_t access = is_write ? ACCESS_WRITE : 0;

    for (unsigned tries = 0; tries < 4; tries++) {
        if (mmu_access(GVA(address), false, is_write).is_allowed)
            return false;
        if (told_is_broken(&told, &space, GVA(address), access, &before, &now))
            return true;
        if (is_write)
            told_before_write(&told, &space, GVA(address));
        told_learn(&told, &space, GVA(address), access);
        told_watch(&told, &space);
        assert_int_equal(gspace_fault(&space, GVA(address), access), GFAULT_FILLED);
    }
    fail();
    return false;
}

/* Guest kernel stores a table's entry, through its mapping one to one. */
static void edit(uint32_t table, uint32_t entry, uint32_t value)
{
    assert_false(use((table << 12) + 4 * entry, true));
    machine_put(&space, table, entry, value);
}

static void adjust(uint32_t address)
{
    told_page(&told, &space, GVA(address));
    assert_true(gspace_adjustpg(&space, GVA(address)));
}

/* Nobody runs while all leaves go: a guest with many tables took 4 M instructions at each hv_setpd. */
static void test_few_tables(void **state)
{
    (void)state;
    set_directory(1);
    assert_int_equal(space.shadows->table_count, FEW_TABLES);
}

static void test_remapped(void **state)
{
    (void)state;
    set_directory(0);
    assert_false(use(PAGE, true));
    edit(HIGH_TABLE, 0, 12u << 12 | FULL);
    assert_true(use(PAGE, false));
    assert_int_equal(before.pte, 10u << 12 | FULL);
    assert_int_equal(now.pte, 12u << 12 | FULL);
    assert_int_equal(before.pde, HIGH_TABLE << 12 | FULL);
    adjust(PAGE);
    assert_false(use(PAGE, false));
}

static void test_unmapped(void **state)
{
    (void)state;
    set_directory(0);
    assert_false(use(PAGE, false));
    edit(HIGH_TABLE, 0, 0);
    assert_true(use(PAGE, false));
    assert_int_equal(now.found, GSPACE_NO_PAGE);
    set_directory(0);
    assert_false(told_is_broken(&told, &space, GVA(PAGE), 0, &before, &now));
}

static void test_fewer_rights(void **state)
{
    (void)state;
    set_directory(1);
    assert_false(use(PAGE, true));
    edit(HIGH_TABLE, 0, 10u << 12 | READ);
    assert_false(use(PAGE, false));             /* it may still be read, by an instruction that needs two such pages */
    told_watch(&told, &space);
    assert_true(mmu_access(GVA(PAGE), false, false).is_allowed);
    assert_true(use(PAGE, true));
    assert_int_equal(now.pte, 10u << 12 | READ);
    adjust(PAGE);
    assert_false(told_is_broken(&told, &space, GVA(PAGE), ACCESS_WRITE, &before, &now));    /* its own #PF */
}

static void test_more_rights(void **state)
{
    (void)state;
    machine_put(&space, HIGH_TABLE, 0, 10u << 12 | READ);
    set_directory(1);
    assert_false(use(PAGE, false));
    edit(HIGH_TABLE, 0, 10u << 12 | FULL);
    assert_false(use(PAGE, true));
    edit(HIGH_TABLE, 0, 10u << 12 | FULL | 0xE60);      /* bits that nobody looks at */
    assert_false(use(PAGE, true));
}

static void test_was_not_present(void **state)
{
    (void)state;
    set_directory(0);
    assert_false(use(OTHER, false));
    edit(HIGH_TABLE, 9, 13u << 12 | FULL);
    assert_false(use(PAGE + 9 * PAGE_SIZE, true));
}

static void test_other_table(void **state)
{
    (void)state;
    machine_put(&space, SPARE_TABLE, 0, 14u << 12 | FULL);
    set_directory(0);
    assert_false(use(PAGE, false));
    edit(DIRECTORY, 1, SPARE_TABLE << 12 | FULL);
    assert_true(use(PAGE, false));
    assert_int_equal(now.pde, SPARE_TABLE << 12 | FULL);
}

/* A second store to the same table does not fault: it is seen at the next trap, and the store after that again. */
static void test_second_edit(void **state)
{
    (void)state;
    set_directory(0);
    assert_false(use(PAGE, false));
    assert_false(use(OTHER, false));
    edit(HIGH_TABLE, 0, 12u << 12 | FULL);
    machine_put(&space, HIGH_TABLE, 5, 12u << 12 | FULL);
    assert_true(mmu_access(GVA(OTHER), false, false).is_allowed);
    told_watch(&told, &space);
    assert_true(use(OTHER, false));
    assert_true(use(PAGE, false));
    assert_false(mmu_access(GVA(HIGH_TABLE << 12), false, true).is_allowed);
}

/* Pages whose numbers share a place: as many as an instruction needs are there at once, and of more none is made up. */
static void test_same_place(void **state)
{
    (void)state;
    for (uint32_t i = 2; i < 2 + TOLD_NEAR; i++)
        machine_put(&space, DIRECTORY, i, (SPARE_TABLE + i) << 12 | FULL);
    for (uint32_t i = 2; i < 2 + TOLD_NEAR; i++)
        machine_put(&space, SPARE_TABLE + i, 0, 20u << 12 | FULL);
    set_directory(0);
    assert_false(use(PAGE, false));
    for (uint32_t i = 2; i < 2 + TOLD_NEAR - 1; i++)
        assert_false(use(i << 22, false));
    assert_true(mmu_access(GVA(PAGE), false, false).is_allowed);
    assert_false(use((2 + TOLD_NEAR - 1) << 22, false));
    assert_false(mmu_access(GVA(PAGE), false, false).is_allowed);       /* the first had to go */
    assert_false(use(PAGE, false));
    edit(HIGH_TABLE, 0, 12u << 12 | FULL);
    assert_true(use(PAGE, false));
}

/* A guest that tells each time is never blamed, whatever it does. */
static void test_careful(void **state)
{
    (void)state;
    set_directory(0);
    for (unsigned round = 0; round < 3000; round++) {
        uint32_t entry = (uint32_t)rand() % 8, frame = 8 + (uint32_t)rand() % 16;
        edit(HIGH_TABLE, entry, rand() % 4 ? frame << 12 | FULL : 0);
        if (rand() % 8)
            adjust(PAGE + entry * PAGE_SIZE);
        else
            set_directory((uint32_t)rand() % 2);
        entry = (uint32_t)rand() % 8;
        if (gspace_look(&space, GVA(PAGE + entry * PAGE_SIZE)).found == GSPACE_PAGE)
            assert_false(use(PAGE + entry * PAGE_SIZE, rand() % 2));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_few_tables, start, stop),
        cmocka_unit_test_setup_teardown(test_remapped, start, stop),
        cmocka_unit_test_setup_teardown(test_unmapped, start, stop),
        cmocka_unit_test_setup_teardown(test_fewer_rights, start, stop),
        cmocka_unit_test_setup_teardown(test_more_rights, start, stop),
        cmocka_unit_test_setup_teardown(test_was_not_present, start, stop),
        cmocka_unit_test_setup_teardown(test_other_table, start, stop),
        cmocka_unit_test_setup_teardown(test_second_edit, start, stop),
        cmocka_unit_test_setup_teardown(test_same_place, start, stop),
        cmocka_unit_test_setup_teardown(test_careful, start, stop),
    };
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
