/*
 * screen.c - the rows that must be drawn again, for each of the two kinds of screen.
 */
#include "io/screen.h"

#include "base/string.h"
#include "io/ansi.h"
#include "io/framebuffer.h"
#include "io/serial.h"

#define ALL_ROWS ((1u << VCON_ROWS) - 1)
#define STATUS_ROW VCON_ROWS
#define STATUS_BIT (1u << STATUS_ROW)
#define STATUS_ATTRIBUTE 0x1F00     /* white on blue */
#define NO_CURSOR 0xFFu

static uint32_t framebuffer_dirty, serial_dirty;
static bool serial_used, serial_clear;
static struct ansi ansi;
static uint16_t status[VCON_COLS];
static unsigned cursor_row, cursor_column;

void screen_use_serial(bool use)
{
    serial_used = use;
    serial_clear = use;
    serial_dirty = use ? ALL_ROWS | STATUS_BIT : 0;
}

void screen_invalidate(void)
{
    framebuffer_dirty = ALL_ROWS | STATUS_BIT;
    serial_dirty = serial_used ? ALL_ROWS | STATUS_BIT : 0;
}

void screen_touch_rows(uint32_t rows)
{
    framebuffer_dirty |= rows;
    if (serial_used)
        serial_dirty |= rows;
}

void screen_set_status(const char *text)
{
    uint16_t cells[VCON_COLS];
    size_t length = strnlen(text, VCON_COLS);

    for (size_t i = 0; i < VCON_COLS; i++)
        cells[i] = (uint16_t)(STATUS_ATTRIBUTE | (i < length ? (uint8_t)text[i] : ' '));
    if (memcmp(cells, status, sizeof(status)) == 0)
        return;
    memcpy(status, cells, sizeof(status));
    screen_touch_rows(STATUS_BIT);
}

/* The cursor's old and new row change with it. */
static void follow_cursor(const struct screen_view *view)
{
    if (view->cursor_row == cursor_row && view->cursor_column == cursor_column)
        return;
    framebuffer_dirty |= 1u << cursor_row | 1u << view->cursor_row;
    cursor_row = view->cursor_row;
    cursor_column = view->cursor_column;
}

/* Until the next call. */
static const uint16_t *row_cells(const struct screen_view *view, unsigned row)
{
    static uint16_t cells[VCON_COLS];

    if (row == STATUS_ROW)
        return status;
    if (view->cells)
        return view->cells + row * VCON_COLS;
    vcon_read_row(view->vcon, row, cells);
    return cells;
}

/* Goes on below the row drawn last: rows that change all the time do not keep the others from being drawn. */
static bool draw_framebuffer(const struct screen_view *view, unsigned rows_max)
{
    static unsigned row;

    if (!framebuffer_present())     /* else there would be passes for nothing */
        framebuffer_dirty = 0;
    while (framebuffer_dirty && rows_max > 0) {
        row = row < STATUS_ROW ? row + 1 : 0;
        if (!(framebuffer_dirty >> row & 1))
            continue;
        framebuffer_draw_row(row, row_cells(view, row), row == cursor_row ? cursor_column : NO_CURSOR);
        framebuffer_dirty &= ~(1u << row);
        rows_max--;
    }
    return framebuffer_dirty != 0;
}

/* Serial is slow: what does not fit its ring now waits, and only the latest state of it is ever sent. */
static bool draw_serial(const struct screen_view *view)
{
    char text[ANSI_ROW_BYTES];

    if (!serial_used)
        return false;
    if (serial_clear && serial_tx_space() >= ANSI_ROW_BYTES) {
        serial_tx(text, ansi_clear(&ansi, text));
        serial_clear = false;
    }
    for (unsigned row = 0; row <= STATUS_ROW && !serial_clear; row++) {
        if (!(serial_dirty >> row & 1))
            continue;
        if (serial_tx_space() < ANSI_ROW_BYTES)
            return true;
        serial_tx(text, ansi_row(&ansi, row, row_cells(view, row), text));
        serial_dirty &= ~(1u << row);
    }
    if (serial_tx_space() >= ANSI_ROW_BYTES)
        serial_tx(text, ansi_cursor(&ansi, cursor_row, cursor_column, text));
    return serial_dirty != 0 || serial_clear;
}

bool screen_draw(const struct screen_view *view, unsigned rows_max)
{
    follow_cursor(view);
    bool framebuffer_waits = draw_framebuffer(view, rows_max), serial_waits = draw_serial(view);
    return framebuffer_waits || serial_waits;
}
