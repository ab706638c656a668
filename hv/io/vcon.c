/*
 * vcon.c - console cells: abi.md section 7 (PURE). rowlog.c keeps what the row log needs to know.
 */
#include "io/vcon.h"

#include "base/string.h"
#include "io/rowlog.h"
#include "io/scrollback.h"

#define BLANK 0x20
#define ALL_ROWS ((1u << VCON_ROWS) - 1)

static void fill_blank(uint16_t *cells, unsigned count, uint8_t attribute)
{
    for (unsigned i = 0; i < count; i++)
        cells[i] = (uint16_t)(attribute << 8 | BLANK);
}

void vcon_init(struct vcon *console)
{
    memset(console, 0, sizeof(*console));
    console->attribute = VCON_ATTRIBUTE_START;
    console->dirty_rows = ALL_ROWS;
    fill_blank(console->tall_cells[0], VCON_ROWS * VCON_COLS, console->attribute);
}

_Static_assert(VCON_TALL_ROWS >= 2 * VCON_ROWS, "memcpy of the screen to the start must not overlap");

static void move_to_start(struct vcon *console)
{
    memcpy(console->tall_cells, console->tall_cells[console->top], VCON_ROWS * sizeof(console->tall_cells[0]));
    memcpy(console->tall_rows, &console->tall_rows[console->top], VCON_ROWS * sizeof(console->tall_rows[0]));
    console->top = 0;
}

static void scroll(struct vcon *console)
{
    rowlog_leave(console, 0);
    if (console->history)
        scrollback_push(console->history, vcon_cells(console, 0));
    if (console->top == VCON_TALL_ROWS - VCON_ROWS)
        move_to_start(console);
    console->top++;
    console->tall_rows[console->top + VCON_ROWS - 1] = (struct vcon_row_log){ 0 };
    fill_blank(console->tall_cells[console->top + VCON_ROWS - 1], VCON_COLS, console->attribute);
    console->dirty_rows = ALL_ROWS;
}

/* Eager: the next row begins, and the screen scrolls, at once. */
static void next_row(struct vcon *console)
{
    rowlog_leave(console, console->row);
    console->column = 0;
    if (console->row + 1 < VCON_ROWS)
        console->row++;
    else
        scroll(console);
}

static void put_cell(struct vcon *console, unsigned row, unsigned column, uint8_t character)
{
    uint16_t *cell = &console->tall_cells[console->top + row][column];
    uint16_t value = (uint16_t)(console->attribute << 8 | character);

    if (*cell == value)
        return;
    if ((uint8_t)*cell != character)
        rowlog_touch(console, row);
    *cell = value;
    console->dirty_rows |= 1u << row;
}

void vcon_write(struct vcon *console, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (bytes[i]) {
        case '\n':
            next_row(console);
            break;
        case '\r':
            console->column = 0;
            break;
        case '\b':
            if (console->column > 0)
                put_cell(console, console->row, --console->column, BLANK);
            break;
        default:
            put_cell(console, console->row, console->column, bytes[i]);
            if (++console->column == VCON_COLS)
                next_row(console);
        }
    }
}

void vcon_set_attribute(struct vcon *console, uint8_t attribute)
{
    console->attribute = attribute;
}

void vcon_set_cursor(struct vcon *console, unsigned row, unsigned column)
{
    console->row = (uint8_t)row;
    console->column = (uint8_t)column;
}

void vcon_write_at(struct vcon *console, const uint8_t *bytes, size_t length, unsigned row, unsigned column,
                   uint8_t attribute)
{
    uint8_t old_row = console->row, old_column = console->column, old_attribute = console->attribute;

    vcon_set_cursor(console, row, column);
    console->attribute = attribute;
    vcon_write(console, bytes, length);
    vcon_set_cursor(console, old_row, old_column);
    console->attribute = old_attribute;
}

void vcon_set_time(struct vcon *console, uint64_t now_ns)
{
    console->now_ns = now_ns;
}
