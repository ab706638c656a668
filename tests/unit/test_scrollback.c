/*
 * test_scrollback.c - rows that scrolled off a console, against a roll of every row ever printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/scrollback.h"

static struct scrollback history;
static struct vcon vcon;
static unsigned printed;
static uint16_t view[VCON_ROWS][VCON_COLS];

static uint16_t page_memory[SCROLLBACK_ROWS / SCROLLBACK_PAGE_ROWS][SCROLLBACK_PAGE_ROWS][VCON_COLS];
static unsigned pages_taken, pages_there;

static void *get_page(size_t bytes)
{
    assert_int_equal(bytes, sizeof(page_memory[0]));
    return pages_taken < pages_there ? page_memory[pages_taken++] : NULL;
}

static int begin(void **state)
{
    (void)state;
    scrollback_init(&history, get_page);
    pages_taken = 0;
    pages_there = SCROLLBACK_ROWS / SCROLLBACK_PAGE_ROWS;
    vcon_init(&vcon);
    vcon.history = &history;
    printed = 0;
    return 0;
}

/* Row n of the roll says "n". The last row of the screen stays empty: the cursor waits there. */
static void print_rows(unsigned count)
{
    for (char text[16]; count > 0; count--) {
        int length = snprintf(text, sizeof(text), "%u\n", printed++);
        vcon_write(&vcon, (const uint8_t *)text, (size_t)length);
    }
}

static void expect_row(const uint16_t *cells, unsigned number)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%u", number);
    for (unsigned i = 0; i < VCON_COLS; i++)
        assert_int_equal(cells[i], 0x0700 | (i < (unsigned)length ? (uint8_t)text[i] : ' '));
}

static void nothing_scrolled_off(void **state)
{
    (void)state;
    print_rows(VCON_ROWS - 1);
    assert_int_equal(scrollback_rows(&history), 0);
    assert_int_equal(scrollback_move(&history, 0, true), 0);
    print_rows(1);
    assert_int_equal(scrollback_rows(&history), 1);
    assert_int_equal(scrollback_move(&history, 0, true), 1);
}

/* As console.c does. */
static void compose(unsigned back)
{
    unsigned count = scrollback_compose(&history, back, view);

    assert_int_equal(count, back < VCON_ROWS ? back : VCON_ROWS);
    for (unsigned row = count; row < VCON_ROWS; row++)
        vcon_read_row(&vcon, row - count, view[row]);
}

static void every_distance_shows_the_roll(void **state)
{
    (void)state;
    static const unsigned counts[] = { 40, 500, VCON_ROWS - 1 + SCROLLBACK_ROWS, 5003 };
    for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        begin(NULL);
        print_rows(counts[i]);
        unsigned top = counts[i] - (VCON_ROWS - 1), rows = scrollback_rows(&history);
        assert_int_equal(rows, top < SCROLLBACK_ROWS ? top : SCROLLBACK_ROWS);
        for (unsigned back = 0; back <= rows; back++) {
            compose(back);
            for (unsigned row = 0; row < VCON_ROWS - (back == 0); row++)
                expect_row(view[row], top - back + row);
        }
    }
}

/* Memory ran out on the way to a thousand rows: those there is room for are the latest ones. */
static void without_memory_fewer_rows(void **state)
{
    (void)state;
    for (unsigned pages = 0; pages < 4; pages++) {
        begin(NULL);
        pages_there = pages;
        print_rows(200);
        unsigned top = 200 - (VCON_ROWS - 1), rows = scrollback_rows(&history);
        assert_int_equal(rows, pages * SCROLLBACK_PAGE_ROWS);
        for (unsigned back = 1; back <= rows; back++) {
            compose(back);
            for (unsigned row = 0; row < VCON_ROWS - 1; row++)
                expect_row(view[row], top - back + row);
        }
    }
}

static void half_a_screen_a_key(void **state)
{
    (void)state;
    print_rows(VCON_ROWS - 1 + 30);
    assert_int_equal(scrollback_move(&history, 0, true), 12);
    assert_int_equal(scrollback_move(&history, 12, true), 24);
    assert_int_equal(scrollback_move(&history, 24, true), 30);
    assert_int_equal(scrollback_move(&history, 30, true), 30);
    assert_int_equal(scrollback_move(&history, 30, false), 18);
    assert_int_equal(scrollback_move(&history, 6, false), 0);
    assert_int_equal(scrollback_move(&history, 0, false), 0);
}

static void colours_are_kept(void **state)
{
    (void)state;
    vcon_write_at(&vcon, (const uint8_t *)"x", 1, 0, 5, 0x4E);
    print_rows(VCON_ROWS);
    compose(1);
    assert_int_equal(view[0][5], 0x4E00 | 'x');
}

static unsigned pages_freed;

static void free_page(void *page)
{
    assert_ptr_equal(page, page_memory[pages_freed]);
    pages_freed++;
}

static void all_pages_are_given_back(void **state)
{
    (void)state;
    pages_freed = 0;
    print_rows(VCON_ROWS + 2 * SCROLLBACK_PAGE_ROWS);
    assert_int_equal(pages_taken, 3);
    scrollback_free(&history, free_page);
    assert_int_equal(pages_freed, 3);
    assert_int_equal(scrollback_rows(&history), 0);
    scrollback_free(&history, free_page);
    assert_int_equal(pages_freed, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_scrolled_off, begin),
        cmocka_unit_test_setup(every_distance_shows_the_roll, begin),
        cmocka_unit_test_setup(without_memory_fewer_rows, begin),
        cmocka_unit_test_setup(half_a_screen_a_key, begin),
        cmocka_unit_test_setup(colours_are_kept, begin),
        cmocka_unit_test_setup(all_pages_are_given_back, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
