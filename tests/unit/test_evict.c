/*
 * test_evict.c - more shadows of tables than there is room for: each fault does a bounded part of the eviction that it
 * needs, the access faults again until there is room, and then goes on as if nothing had been.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagetable/evict.h"
#include "pagetable/gwalk.h"
#include "pagetable/shadow.h"
#include "paging_model.h"

#define FRAMES 128u
#define DIRECTORY 1u        /* and those behind it */
#define DIRECTORIES 8u
#define TABLE 20u           /* and those behind it */
#define TABLES 60u
#define PAGE 100u

static uint32_t scatter;    /* how far apart a table hangs in one directory and the next */

static gva_t address_of(uint32_t directory, uint32_t table)
{
    return GVA((1 + (table + directory * scatter) % TABLES) << 22 | table << 12);
}

static int start(void **state)
{
    machine_start(state);
    evict_links_most = 8192;
    scatter = 0;
    return 0;
}

static void make(uint32_t step)
{
    scatter = step;
    assert_true(model_start(FRAMES));
    for (uint32_t i = 0; i < TABLES; i++) {
        model_put(TABLE + i, i, (PAGE + i % 20) << 12 | GPTE_P | GPTE_W | GPTE_U);
        for (uint32_t j = 0; j < DIRECTORIES; j++)
            model_put(DIRECTORY + j, address_of(j, i).v >> 22, (TABLE + i) << 12 | GPTE_P | (j % 2 ? GPTE_W : 0));
    }
    model_audit_interval = 17;  /* so that it ends today */
}

static int stop(void **state)
{
    model_audit_interval = 1;
    evict_links_most = 8192;
    model_stop();
    return machine_stop(state);
}

/* All tables, in all roles, by all directories: 180 are more than 128. Returns the most faults of a load. */
static uint64_t use_all(void)
{
    uint64_t most = 0;

    for (uint32_t round = 0; round < 2 * DIRECTORIES; round++) {
        uint32_t directory = round % DIRECTORIES;
        assert_true(model_setpd(DIRECTORY + directory, round < DIRECTORIES));
        for (uint32_t i = 0; i < TABLES; i++) {
            uint64_t before = model_counts.hidden_faults;
            assert_int_equal(model_load(address_of(directory, i), false), ACCESS_DONE);
            uint64_t faults = model_counts.hidden_faults - before;
            most = faults > most ? faults : most;
        }
    }
    return most;
}

/* Tables that hang at one place in each directory go at once, eight in a fault. */
static void test_one_slot(void **state)
{
    (void)state;
    make(0);
    assert_int_equal(use_all(), 1);
    assert_true(model_space.shadows->evictions >= 3 * TABLES - SHADOW_TABLES_MIN);
}

/* Each at another place in each directory: a fault here looks through one directory, and several link the table. */
static void test_scattered(void **state)
{
    (void)state;
    make(7);
    evict_links_most = 1;
    uint64_t most = use_all();
    assert_in_range(most, 3, 2 * DIRECTORIES);
    assert_true(model_space.shadows->evictions >= 3 * TABLES - SHADOW_TABLES_MIN);
}

/* Most of the pool comes when all that is there is in use. */
static void test_pool_grows(void **state)
{
    (void)state;
    make(0);
    assert_true(model_setpd(DIRECTORY, true));
    assert_in_range(model_space.shadows->table_count, 2, SHADOW_TABLES_MIN - 1);
    (void)use_all();
    assert_int_equal(model_space.shadows->table_count, SHADOW_TABLES_MIN);
}

/* Where the machine has no memory for that, the tables that are there must do. */
static void test_pool_cannot_grow(void **state)
{
    (void)state;
    make(0);
    assert_true(model_setpd(DIRECTORY, true));
    uint32_t count = model_space.shadows->table_count;
    machine_growth_fails = true;
    (void)use_all();
    assert_int_equal(model_space.shadows->table_count, count);
    assert_true(model_space.shadows->evictions >= 3 * TABLES - count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pool_grows, start, stop),
        cmocka_unit_test_setup_teardown(test_pool_cannot_grow, start, stop),
        cmocka_unit_test_setup_teardown(test_one_slot, start, stop),
        cmocka_unit_test_setup_teardown(test_scattered, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
