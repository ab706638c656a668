/*
 * test_vcon_rows.c - the row log against docs/operator.md "Rows", case by case, and bytes that are looked at later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fresh_vcon.h"

/* A text that is on no screen: in order with the rows, and told from them by its record. */
static void a_debug_print_is_no_row(void **state)
{
    (void)state;
    struct vcon *vcon = fresh();
    const uint8_t *record;
    uint8_t text[ROWLOG_DEBUG_MAX];

    memset(text, 'x', sizeof(text));
    print(vcon, "one\n");
    uint32_t revision = vcon->revision;
    rowlog_debug(vcon, (const uint8_t *)"a", 1);
    assert_int_not_equal(vcon->revision, revision);     /* the run loop must hear of it */
    print(vcon, "two\n");
    rowlog_debug(vcon, text, 0);
    rowlog_debug(vcon, text, sizeof(text));
    expect_row(vcon, "one");
    assert_int_equal(rowlog_take(vcon->log, &record), VCON_COLS + 1);
    assert_memory_equal(record, "\1a", 2);
    expect_row(vcon, "two");
    assert_int_equal(rowlog_take(vcon->log, &record), ROWLOG_RECORD_MAX);
    assert_int_equal(record[0], sizeof(text));
    assert_memory_equal(record + 1, text, sizeof(text));
    expect_row(vcon, NULL);
    assert_int_equal(vcon_cell(vcon, 2, 0) & 0xFF, ' ');
    for (unsigned i = 0; i < 200; i++)                  /* round the ring, until nothing fits */
        rowlog_debug(vcon, text, sizeof(text));
    assert_true(rowlog_is_full(vcon->log));
    assert_int_equal(vcon->log->dropped_rows, 200 - ROWLOG_BYTES / 256);
    struct rowlog *log = vcon->log;
    while (rowlog_take(log, &record) >= 0)
        assert_memory_equal(record + 1, text, sizeof(text));
    vcon->log = NULL;
    rowlog_debug(vcon, text, sizeof(text));
    assert_int_equal(rowlog_take(log, &record), -1);
}

static void a_row_is_logged_when_output_leaves_it(void **state)
{
    (void)state;
    struct vcon *vcon = fresh();
    print(vcon, "one  \ntwo");
    expect_row(vcon, "one");
    expect_row(vcon, NULL);
    print(vcon, "\n\n\n");
    expect_row(vcon, "two");
    expect_row(vcon, NULL);         /* empty rows never */
    for (unsigned i = 0; i < 80; i++)
        print(vcon, "x");
    expect_row(vcon, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    expect_row(vcon, NULL);
}

static void a_row_that_did_not_change_is_not_repeated(void **state)
{
    (void)state;
    struct vcon *vcon = fresh();
    print(vcon, "same\n");
    expect_row(vcon, "same");
    vcon_set_cursor(vcon, 0, 0);
    print(vcon, "\n");
    expect_row(vcon, NULL);
    vcon_set_cursor(vcon, 0, 0);
    print(vcon, "game");            /* there and back again */
    vcon_set_cursor(vcon, 0, 0);
    print(vcon, "same\n");
    expect_row(vcon, NULL);
    /* It keeps its identity when it scrolls: off the screen it goes without a second line. */
    for (unsigned i = 0; i < 30; i++)
        print(vcon, "\n");
    expect_row(vcon, NULL);
}

/* The row that scrolling brings is a new one, whatever stood where it now is. */
static void equal_lines_at_the_bottom_are_all_logged(void **state)
{
    (void)state;
    struct vcon *vcon = fresh();
    for (unsigned i = 0; i < 60; i++) {
        print(vcon, "same\n");
        expect_row(vcon, "same");
        expect_row(vcon, NULL);
    }
}

/* However many scrolls: cells and log move through their store together, and back to its start. */
static void rows_keep_their_log_through_any_scroll(void **state)
{
    (void)state;
    struct vcon *vcon = fresh();
    char text[16];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "drawn %u", i);
        vcon_write_at(vcon, (const uint8_t *)text, strlen(text), 10, 0, 7);
        vcon_set_cursor(vcon, VCON_ROWS - 1, 0);
        print(vcon, "same\n");
        expect_row(vcon, "same");
        rowlog_still(vcon, 0, true);
        expect_row(vcon, text);
        expect_row(vcon, NULL);
    }
}

static void a_row_drawn_on_is_logged_when_still(void **state)
{
    (void)state;
    const uint64_t ms = 1000000;
    struct vcon *vcon = fresh();
    vcon_set_time(vcon, 5000 * ms);
    vcon_write_at(vcon, (const uint8_t *)"score 1", 7, 10, 0, 7);
    rowlog_still(vcon, 5099 * ms, false);
    expect_row(vcon, NULL);
    rowlog_still(vcon, 5100 * ms, false);
    expect_row(vcon, "score 1");
    vcon_set_time(vcon, 5200 * ms);
    vcon_write_at(vcon, (const uint8_t *)"score 2", 7, 10, 0, 7);
    rowlog_still(vcon, 5400 * ms, false);     /* still, but a second has not passed */
    expect_row(vcon, NULL);
    rowlog_still(vcon, 6100 * ms, false);
    expect_row(vcon, "score 2");
    vcon_set_time(vcon, 6200 * ms);
    vcon_write_at(vcon, (const uint8_t *)"score 3", 7, 10, 0, 7);
    rowlog_still(vcon, 6201 * ms, true);      /* the guest ended */
    expect_row(vcon, "score 3");
    rowlog_still(vcon, 9000 * ms, true);
    expect_row(vcon, NULL);
}

/* The room for deferred bytes is used to its end and no further, and all of it is there again afterwards. */
static void deferred_bytes_have_a_bound(void **state)
{
    (void)state;
    struct vcon *vcon = fresh();
    uint8_t bytes[VCON_PENDING_BYTES];
    memset(bytes, 'x', sizeof(bytes));
    for (unsigned round = 0; round < 3; round++) {
        assert_null(vcon_room(vcon, VCON_PENDING_BYTES + 1));
        assert_null(vcon_room(vcon, (size_t)UINT32_MAX));
        assert_true(defer(vcon, bytes, VCON_PENDING_BYTES - 1));
        assert_null(vcon_room(vcon, 2));
        assert_true(defer(vcon, bytes, 1));
        assert_null(vcon_room(vcon, 1));
        assert_false(vcon_is_settled(vcon));
        assert_non_null(vcon_room(vcon, 0));
        vcon_settle(vcon);
        assert_true(vcon_is_settled(vcon));
    }
}

/* Whatever looks at a console, or changes how it goes on, finds there what was printed before it. */
static void deferred_bytes_come_first(void **state)
{
    (void)state;
    const uint64_t ms = 1000000;
    struct vcon *vcon = fresh();
    vcon_set_time(vcon, 1000 * ms);
    defer(vcon, (const uint8_t *)"a", 1);
    vcon_set_attribute(vcon, 0x1E);
    defer(vcon, (const uint8_t *)"b", 1);
    print(vcon, "c");
    assert_int_equal(vcon_cell(vcon, 0, 0), 0x0700 | 'a');
    assert_int_equal(vcon_cell(vcon, 0, 1), 0x1E00 | 'b');
    assert_int_equal(vcon_cell(vcon, 0, 2), 0x1E00 | 'c');
    defer(vcon, (const uint8_t *)"d", 1);
    vcon_set_cursor(vcon, 3, 0);
    assert_int_equal(vcon_cell(vcon, 0, 3), 0x1E00 | 'd');
    defer(vcon, (const uint8_t *)"e", 1);
    vcon_write_at(vcon, (const uint8_t *)"f", 1, 3, 0, 7);
    assert_int_equal(vcon_cell(vcon, 3, 0), 0x0700 | 'f');
    assert_int_equal(vcon->column, 1);
    defer(vcon, (const uint8_t *)"g", 1);
    vcon_set_time(vcon, 2000 * ms);             /* it changed before that */
    rowlog_still(vcon, 1100 * ms, false);
    expect_row(vcon, "abcd");
    expect_row(vcon, "fg");
    defer(vcon, (const uint8_t *)"h", 1);
    vcon_settle(vcon);
    rowlog_still(vcon, 2000 * ms, true);
    expect_row(vcon, "fgh");
}

/* As an NMI finds it: before, after, and in the middle of settling. */
static void an_nmi_settles_but_not_twice(void **state)
{
    (void)state;
    struct vcon *vcon = fresh();
    uint8_t *room = vcon_room(vcon, 2);
    assert_non_null(room);
    memcpy(room, "ab", 2);
    vcon_defer(vcon, 2);
    assert_true(vcon_settle_at_once(vcon));
    assert_int_equal(vcon_cell(vcon, 0, 1), 0x0700 | 'b');
    assert_int_equal(vcon->column, 2);
    assert_true(vcon_settle_at_once(vcon));
    assert_int_equal(vcon->column, 2);

    room = vcon_room(vcon, 2);
    assert_non_null(room);
    memcpy(room, "cd", 2);
    vcon_defer(vcon, 2);
    vcon->is_settling = true;
    assert_false(vcon_settle_at_once(vcon));
    assert_int_equal(vcon->column, 2);
    assert_int_equal(vcon->pending_bytes, 2);
    vcon_settle(vcon);
    assert_false(vcon->is_settling);
    assert_int_equal(vcon_cell(vcon, 0, 3), 0x0700 | 'd');
}

/* rowlog_is_full promises room for what is pending and one more print of 4096 bytes, the worst ones included. */
static void one_more_print_always_fits(void **state)
{
    (void)state;
    struct vcon *vcon = fresh();
    uint8_t bytes[4096];
    const uint8_t *row;

    srand(4);
    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned r = 0; r < 25; r++)
            for (unsigned i = 0; i < 80; i++)
                bytes[i] = (uint8_t)(33 + rand() % 90);
        vcon_write_at(vcon, bytes, 79, (unsigned)rand() % 25, 0, 7);
        while (rowlog_is_full(vcon->log))
            rowlog_take(vcon->log, &row);
        vcon_set_cursor(vcon, (unsigned)rand() % 25, 0);
        for (unsigned i = 0; i < sizeof(bytes); i++)
            bytes[i] = rand() % 2 ? '\n' : (uint8_t)(33 + rand() % 90);
        if (rand() % 2)
            assert_true(defer(vcon, bytes, VCON_PENDING_BYTES));
        vcon_set_cursor(vcon, (unsigned)rand() % 25, 0);
        vcon_write(vcon, bytes, sizeof(bytes));
        rowlog_still(vcon, 0, true);
        assert_int_equal(vcon->log->dropped_rows, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_debug_print_is_no_row),
        cmocka_unit_test(a_row_is_logged_when_output_leaves_it),
        cmocka_unit_test(a_row_that_did_not_change_is_not_repeated),
        cmocka_unit_test(equal_lines_at_the_bottom_are_all_logged),
        cmocka_unit_test(rows_keep_their_log_through_any_scroll),
        cmocka_unit_test(a_row_drawn_on_is_logged_when_still),
        cmocka_unit_test(deferred_bytes_have_a_bound),
        cmocka_unit_test(deferred_bytes_come_first),
        cmocka_unit_test(an_nmi_settles_but_not_twice),
        cmocka_unit_test(one_more_print_always_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
