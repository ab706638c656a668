/*
 * test_screen.c - what a pass draws on the framebuffer: no more than it may, and every row in the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/framebuffer.h"
#include "io/screen.h"
#include "io/serial.h"

#define ROWS (VCON_ROWS + 1)
#define FRAME_NS 25000000u

static uint16_t cells[VCON_ROWS * VCON_COLS];
static uint16_t drawn[ROWS][VCON_COLS];
static unsigned drawn_rows, cursor_rows;

static bool has_framebuffer = true;
static uint64_t now_ns;

bool framebuffer_present(void)
{
    return has_framebuffer;
}

void framebuffer_draw_row(unsigned row, const uint16_t row_cells[VCON_COLS], unsigned cursor_column)
{
    assert_true(row < ROWS);
    memcpy(drawn[row], row_cells, sizeof(drawn[row]));
    drawn_rows++;
    cursor_rows += cursor_column < VCON_COLS;
}

size_t serial_tx_space(void)
{
    return 0;
}

size_t serial_tx(const char *bytes, size_t length)
{
    (void)bytes, (void)length;
    fail();
    return 0;
}

static bool pass_now(unsigned rows_max)
{
    const struct screen_view view = { NULL, cells, 4, 7 };
    drawn_rows = cursor_rows = 0;
    return screen_draw(&view, rows_max, now_ns);
}

/* So late that a frame may begin. */
static bool pass(unsigned rows_max)
{
    now_ns += FRAME_NS;
    return pass_now(rows_max);
}

static int begin(void **state)
{
    (void)state;
    screen_invalidate();
    while (pass(ROWS))
        continue;
    memset(drawn, 0, sizeof(drawn));
    return 0;
}

static void everything_is_drawn_in_passes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < VCON_ROWS * VCON_COLS; i++)
        cells[i] = (uint16_t)(0x0700 | i % 251);
    screen_invalidate();
    for (unsigned rows = ROWS; rows > 0; rows -= drawn_rows) {
        bool waits = pass(3);
        assert_int_equal(drawn_rows, rows < 3 ? rows : 3);
        assert_int_equal(waits, rows > 3);
    }
    assert_memory_equal(drawn, cells, sizeof(cells));
    assert_int_equal(pass(3), false);
    assert_int_equal(drawn_rows, 0);
}

static void only_touched_rows_are_drawn(void **state)
{
    (void)state;
    screen_touch_rows(1u << 4 | 1u << 20);
    assert_false(pass(ROWS));
    assert_int_equal(drawn_rows, 2);
    assert_int_equal(cursor_rows, 1);
    screen_set_status("new");
    assert_false(pass(ROWS));
    assert_int_equal(drawn_rows, 1);
    assert_int_equal((uint8_t)drawn[VCON_ROWS][0], 'n');
    screen_set_status("new");
    assert_false(pass(ROWS));
    assert_int_equal(drawn_rows, 0);
}

/* Rows that change in every pass do not keep a row below or above from being drawn. */
static void no_row_starves(void **state)
{
    (void)state;
    for (unsigned quiet = 0; quiet < VCON_ROWS; quiet++) {
        memset(drawn, 0, sizeof(drawn));
        cells[quiet * VCON_COLS] = (uint16_t)(0x4100 | quiet);
        screen_touch_rows(1u << quiet);
        for (unsigned i = 0; i < ROWS / 3 + 1; i++) {
            screen_touch_rows(((1u << VCON_ROWS) - 1) & ~(1u << quiet));
            (void)pass(3);
            assert_int_equal(drawn_rows, 3);
        }
        assert_int_equal(drawn[quiet][0], 0x4100 | quiet);
    }
}

/* However often a row changes, it is drawn once a frame; the last state is drawn in time, without another touch. */
static void frames_are_apart(void **state)
{
    (void)state;
    now_ns += FRAME_NS;
    assert_true(screen_next_ns() == UINT64_MAX);
    screen_touch_rows(1u << 9);
    assert_true(screen_next_ns() <= now_ns);
    assert_false(pass_now(ROWS));
    assert_int_equal(drawn_rows, 1);
    uint64_t next_ns = now_ns + FRAME_NS;
    for (; now_ns < next_ns; now_ns += FRAME_NS / 4) {
        screen_touch_rows(1u << 9);
        assert_false(pass_now(ROWS));
        assert_int_equal(drawn_rows, 0);
        assert_true(screen_next_ns() == next_ns);
    }
    assert_false(pass_now(ROWS));
    assert_int_equal(drawn_rows, 1);
    assert_true(screen_next_ns() == UINT64_MAX);
}

/* A frame takes several passes: what changes meanwhile waits for the next one, also what is drawn already. */
static void a_frame_in_passes(void **state)
{
    (void)state;
    screen_touch_rows(0x3F);
    assert_true(pass(3));
    screen_touch_rows(0x3F);
    assert_false(pass_now(3));
    assert_int_equal(drawn_rows, 3);
    assert_true(screen_next_ns() == now_ns + FRAME_NS);
    assert_false(pass_now(3));
    assert_int_equal(drawn_rows, 0);
    assert_true(pass(3));
    assert_int_equal(drawn_rows, 3);
}

/* The last look before the end: the frame that has begun, and the next. */
static void at_once(void **state)
{
    const struct screen_view view = { NULL, cells, 4, 7 };

    (void)state;
    screen_touch_rows(0xFF);
    assert_true(pass(3));
    screen_touch_rows(1);
    drawn_rows = 0;
    assert_false(screen_draw(&view, 2 * ROWS, SCREEN_AT_ONCE));
    assert_int_equal(drawn_rows, 6);
    assert_true(screen_next_ns() == UINT64_MAX);
}

/* With no framebuffer there is nothing to wait for. */
static void none_needs_no_passes(void **state)
{
    (void)state;
    has_framebuffer = false;
    screen_invalidate();
    assert_false(pass(3));
    assert_int_equal(drawn_rows, 0);
    has_framebuffer = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(everything_is_drawn_in_passes, begin),
        cmocka_unit_test_setup(only_touched_rows_are_drawn, begin),
        cmocka_unit_test_setup(no_row_starves, begin),
        cmocka_unit_test_setup(frames_are_apart, begin),
        cmocka_unit_test_setup(a_frame_in_passes, begin),
        cmocka_unit_test_setup(at_once, begin),
        cmocka_unit_test_setup(none_needs_no_passes, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
