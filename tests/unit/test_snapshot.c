/*
 * test_snapshot.c - snapshots of page tables: kept for the next store, never more than there is room for, given back
 * first. That what is kept is exact, the audit sees after each step; test_shadow.c walks past it at random.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/frames.h"
#include "cpu/x86.h"
#include "pagetable/audit.h"
#include "pagetable/compile.h"
#include "pagetable/shadow.h"
#include "pagetable/snapshot.h"
#include "paging_model.h"

#define FRAMES 96u
#define DIRECTORY 1u
#define WINDOW 2u           /* the table that shows RAM one to one, at PDE 0 */
#define FIRST_TABLE 10u     /* at PDE 1, and so on */
#define TABLES 24u
#define PAGE 8u
#define FULL 7u             /* entry bits */
#define LAST 1023u          /* an entry of the second half */

static void use(uint32_t pde, uint32_t entry)
{
    assert_int_equal(model_load(GVA(pde << 22 | entry << 12), false), ACCESS_DONE);
}

static void setpd(void)
{
    assert_true(model_setpd(DIRECTORY, true));
}

static struct shadow_table *table(uint32_t number)
{
    return shadow_find_table(&model_space, FIRST_TABLE + number, ROLE_WP);
}

/* All tables are in use, in both halves, and synced; none was written since paging is on. */
static int start(void **state)
{
    machine_start(state);
    assert_true(model_start(FRAMES));
    model_put(DIRECTORY, 0, WINDOW << 12 | FULL);
    for (uint32_t i = 0; i < FRAMES; i++)
        model_put(WINDOW, i, i << 12 | FULL);
    for (uint32_t i = 0; i < TABLES; i++) {
        model_put(DIRECTORY, 1 + i, (FIRST_TABLE + i) << 12 | FULL);
        model_put(FIRST_TABLE + i, 0, PAGE << 12 | FULL);
        model_put(FIRST_TABLE + i, LAST, PAGE << 12 | FULL);
    }
    setpd();
    for (uint32_t i = 0; i < TABLES; i++) {
        use(1 + i, 0);
        use(1 + i, LAST);
    }
    setpd();
    assert_true(table(0)->is_synced && table(TABLES - 1)->is_synced && !model_space.shadows->kept_count);
    return 0;
}

static int stop(void **state)
{
    model_stop();
    return machine_stop(state);
}

/* The first store copies the table, those after later hv_setpds find the copy. */
static void test_kept(void **state)
{
    (void)state;
    model_put(FIRST_TABLE, 0, (PAGE + 1) << 12 | FULL);
    hpa_t snapshot = table(0)->snapshot;
    assert_true(snapshot.v && !table(0)->is_synced);
    setpd();
    use(1, 0);
    setpd();
    uint64_t allocations = machine_allocations;
    for (uint32_t round = 0; round < 4; round++) {
        assert_true(table(0)->is_synced && table(0)->snapshot.v == snapshot.v && model_space.shadows->kept_count == 1);
        model_put(FIRST_TABLE, 0, (PAGE + round % 2) << 12 | FULL);
        model_put(FIRST_TABLE, LAST - round, PAGE << 12 | FULL);
        assert_true(!table(0)->is_synced && !model_space.shadows->kept_count);
        setpd();
        use(1, 0);
        use(1, LAST - round);
    }
    assert_int_equal(machine_allocations, allocations);
}

/* Each table is stored to in turn; the oldest snapshots go as soon as there are too many, and when room gets less. */
static void test_bound(void **state)
{
    (void)state;
    struct shadow_pool *pool = model_space.shadows;

    for (uint32_t i = 0; i < TABLES; i++) {
        model_put(FIRST_TABLE + i, 5, PAGE << 12 | FULL);
        setpd();
    }
    /* The directory has one of four page directories, the window's table one of its halves. */
    uint32_t most = SNAPSHOTS_KEPT + 3 + 1;
    assert_int_equal(pool->spare_frames, 4);
    assert_int_equal(pool->kept_count, most);
    for (uint32_t i = 0; i < TABLES; i++)
        assert_int_equal(table(i)->snapshot.v != 0, i >= TABLES - most);
    model_put(WINDOW, 600, PAGE << 12 | FULL);
    use(0, 600);
    assert_int_equal(pool->spare_frames, 3);
    assert_int_equal(pool->kept_count, most - 1);
    assert_true(!table(TABLES - most)->snapshot.v && table(TABLES - most + 1)->snapshot.v);
}

/* A kept snapshot is the first to go when a frame is needed, also for another snapshot; no shadow has to. */
static void test_first_to_go(void **state)
{
    (void)state;
    struct shadow_pool *pool = model_space.shadows;

    for (uint32_t i = 0; i < 3; i++) {
        model_put(FIRST_TABLE + i, 5, PAGE << 12 | FULL);
        setpd();
    }
    machine_leave_free(0);
    model_put(FIRST_TABLE + 5, 5, PAGE << 12 | FULL);
    assert_true(table(5)->snapshot.v && !table(0)->snapshot.v && table(1)->snapshot.v);
    model_put(WINDOW, 600, PAGE << 12 | FULL);
    use(0, 600);
    assert_int_equal(pool->kept_count, 0);
    assert_int_equal(pool->evictions, 0);
}

static void test_audit_sees(void **state)
{
    (void)state;
    char why[200];

    model_put(FIRST_TABLE, 0, (PAGE + 1) << 12 | FULL);
    setpd();
    uint32_t *snapshot = hpa_to_ptr(table(0)->snapshot);
    snapshot[700] ^= 1;     /* of a page that was never used: no leaf tells */
    assert_false(audit_space(&model_space, why, sizeof(why)));
    assert_non_null(strstr(why, "its snapshot is not what"));
    snapshot[700] ^= 1;
    model_space.shadows->kept_count++;
    assert_false(audit_space(&model_space, why, sizeof(why)));
    assert_non_null(strstr(why, "snapshots are kept"));
    model_space.shadows->kept_count--;
    model_space.shadows->spare_frames++;
    assert_false(audit_space(&model_space, why, sizeof(why)));
    assert_non_null(strstr(why, "spare frames"));
    model_space.shadows->spare_frames--;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, start, stop),
        cmocka_unit_test_setup_teardown(test_bound, start, stop),
        cmocka_unit_test_setup_teardown(test_first_to_go, start, stop),
        cmocka_unit_test_setup_teardown(test_audit_sees, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
