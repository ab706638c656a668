/*
 * screen.c - the rows that must be drawn again, for each of the two kinds of screen.
 *
 * Both show only the latest state, never what was in between, so a guest that prints faster than a screen can show
 * costs no more than that screen takes: the framebuffer a few rows a look and forty frames a second, the serial line
 * what its ring has room for. A row that changes twice before it is drawn is drawn once.
 */
#include "io/screen.h"

#include "base/string.h"
#include "cpu/insn.h"
#include "io/ansi.h"
#include "io/framebuffer.h"
#include "io/line_screen.h"
#include "io/serial.h"

#define ALL_ROWS ((1u << VCON_ROWS) - 1)
#define STATUS_ROW VCON_ROWS
#define STATUS_BIT (1u << STATUS_ROW)
#define STATUS_ATTRIBUTE 0x1F00     /* white on blue */
#define NO_CURSOR 0xFFu
#define FRAME_NS 25000000ull        /* for the eye; of all that output costs, drawing is the most */

static uint32_t framebuffer_dirty, serial_dirty;
static uint32_t frame_rows;         /* still to be drawn of the frame that has begun */
static uint64_t next_frame_ns;
static uint64_t frame_cycles, worst_frame_cycles;
static bool serial_used, serial_clear;
static unsigned terminal_rows = SCREEN_ROWS, terminal_top;      /* terminal_top: the screen's row in its first */
static bool is_status_told;         /* to be sent as a line */
static union {                      /* of what kind it is, terminal_rows says */
    struct ansi ansi;
    struct line_screen lines;
} terminal;
static uint16_t status[VCON_COLS];
static unsigned cursor_row, cursor_column;

void screen_use_serial(bool use)
{
    serial_used = use;
    serial_clear = use;
    serial_dirty = use ? ALL_ROWS | STATUS_BIT : 0;
}

void screen_set_terminal(unsigned rows)
{
    terminal_rows = rows;
    terminal_top = 0;
    screen_use_serial(serial_used);
}

unsigned screen_terminal(void)
{
    return terminal_rows;
}

void screen_tell_status(void)
{
    is_status_told = true;
}

void screen_invalidate(void)
{
    serial_clear |= serial_used && terminal_rows == SCREEN_LINES;      /* a line says which it is */
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

/* A frame is all that is dirty when it begins; what gets dirty meanwhile is for the next. False: none begins now. */
static bool begin_frame(uint64_t now_ns)
{
    if (!framebuffer_present())     /* else there would be passes for nothing */
        framebuffer_dirty = 0;
    if (!framebuffer_dirty || now_ns < next_frame_ns)
        return false;
    frame_rows = framebuffer_dirty;
    framebuffer_dirty = 0;
    if (now_ns != SCREEN_AT_ONCE)
        next_frame_ns = now_ns + FRAME_NS;
    return true;
}

/* Bound: rows_max. */
static bool draw_framebuffer(const struct screen_view *view, unsigned rows_max, uint64_t now_ns)
{
    uint64_t begin = insn_rdtsc();

    while (rows_max > 0 && (frame_rows || begin_frame(now_ns))) {
        unsigned row = (unsigned)__builtin_ctz(frame_rows);
        framebuffer_draw_row(row, row_cells(view, row), row == cursor_row ? cursor_column : NO_CURSOR);
        frame_rows &= frame_rows - 1;
        rows_max--;
    }
    frame_cycles += insn_rdtsc() - begin;
    if (frame_rows == 0) {
        worst_frame_cycles = frame_cycles > worst_frame_cycles ? frame_cycles : worst_frame_cycles;
        frame_cycles = 0;
    }
    return frame_rows != 0;
}

uint64_t screen_take_worst_frame(void)
{
    uint64_t taken = worst_frame_cycles;

    worst_frame_cycles = 0;
    return taken;
}

static bool shows_lines(void)
{
    return serial_used && terminal_rows == SCREEN_LINES;
}

uint64_t screen_next_ns(void)
{
    uint64_t frame_ns = framebuffer_dirty ? next_frame_ns : UINT64_MAX;
    uint64_t lines_ns = shows_lines() ? line_screen_next_ns(&terminal.lines) : UINT64_MAX;

    return frame_ns < lines_ns ? frame_ns : lines_ns;
}

/* The status as a line of text, behind "-- ". */
static void tell_status_line(void)
{
    char line[VCON_COLS + 1] = "--";
    unsigned length = 2;

    for (unsigned column = 0; column < VCON_COLS - 2; column++) {
        line[column + 2] = (char)status[column];
        length = line[column + 2] != ' ' ? column + 3 : length;
    }
    line[length] = '\0';
    line_screen_tell(&terminal.lines, line);
    is_status_told = false;
}

static bool draw_as_lines(const struct screen_view *view, uint64_t now_ns)
{
    if (serial_tx_space() < LINES_STEP_BYTES)
        return true;
    if (is_status_told || serial_clear)
        tell_status_line();
    if (serial_clear)
        line_screen_begin(&terminal.lines, view->vcon);
    serial_clear = false;
    bool is_due = serial_dirty != 0 || now_ns >= line_screen_next_ns(&terminal.lines);
    bool waits = is_due && line_screen_draw(&terminal.lines, view->vcon, now_ns);
    serial_dirty = waits ? ALL_ROWS : 0;
    return waits;
}

/* A terminal with fewer rows shows those where the cursor is. */
static void follow_on_terminal(void)
{
    unsigned last = cursor_row < VCON_ROWS ? cursor_row : VCON_ROWS - 1, shown = terminal_rows - 1;
    unsigned top = last < shown ? 0 : last - (shown - 1);

    if (top != terminal_top)
        serial_dirty |= ALL_ROWS;
    terminal_top = top;
}

/* Where a row of the screen, or the status line, is on the terminal; SCREEN_ROWS: nowhere. */
static unsigned terminal_row(unsigned row)
{
    if (row == STATUS_ROW)
        return terminal_rows - 1;
    return row >= terminal_top && row - terminal_top < terminal_rows - 1 ? row - terminal_top : SCREEN_ROWS;
}

/* Serial is slow: what does not fit its ring now waits, and only the latest state of it is ever sent. */
static bool draw_serial(const struct screen_view *view)
{
    char text[ANSI_ROW_BYTES];

    follow_on_terminal();
    if (serial_clear && serial_tx_space() >= ANSI_ROW_BYTES) {
        serial_tx(text, ansi_clear(&terminal.ansi, text));
        serial_clear = false;
    }
    for (unsigned row = 0; row <= STATUS_ROW && !serial_clear; row++) {
        if (!(serial_dirty >> row & 1))
            continue;
        if (serial_tx_space() < ANSI_ROW_BYTES)
            return true;
        if (terminal_row(row) < SCREEN_ROWS)
            serial_tx(text, ansi_row(&terminal.ansi, terminal_row(row), row_cells(view, row), text));
        serial_dirty &= ~(1u << row);
    }
    if (serial_tx_space() >= ANSI_ROW_BYTES)
        serial_tx(text, ansi_cursor(&terminal.ansi, terminal_row(cursor_row), cursor_column, text));
    return serial_dirty != 0 || serial_clear;
}

bool screen_draw(const struct screen_view *view, unsigned rows_max, uint64_t now_ns)
{
    follow_cursor(view);
    bool framebuffer_waits = draw_framebuffer(view, rows_max, now_ns);
    bool serial_waits = serial_used && (shows_lines() ? draw_as_lines(view, now_ns) : draw_serial(view));
    return framebuffer_waits || serial_waits;
}
