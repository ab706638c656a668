/*
 * text_page.c - see text_page.h (PURE).
 *
 * A scroll is known by its stores: from the first cell on each gets what stood a row below, for most of the rows.
 * Before the first of them the console is brought up to date, after the last it scrolls, and meanwhile nobody is shown
 * anything.
 *
 * A start that moves on by whole rows scrolls by so many, as it is the same memory that is shown. Otherwise the guest
 * may have come to the end of memory and have copied its rows to the beginning: they are looked for.
 */
#include "vpc/text_page.h"

#include <stddef.h>

#include "base/string.h"

#define ROW_BYTES (VCON_COLS * sizeof(uint16_t))
#define MOVED_BYTES ((VCON_ROWS - 1) * ROW_BYTES)
#define MOVED_LEAST (VCON_ROWS - 5) /* rows: some kernels leave the last ones alone */
#define MEMORY_CELLS (TEXT_PAGE_BYTES / sizeof(uint16_t))
#define COPIED_LEAST (VCON_ROWS / 2 + 1)    /* rows that are known again: fewer may be alike by chance */
#define RETRACE_NS 16683000u        /* 60 Hz, of which a twentieth is the retrace */

void text_page_reset(struct text_page *page)
{
    memset(page, 0, sizeof(*page));
    crtc_reset(&page->crtc);
    for (unsigned i = 0; i < TEXT_PAGE_CELLS; i++)
        page->cells[i] = TEXT_PAGE_BLANK;
}

uint8_t text_page_read(uint16_t port, uint64_t now_ns)
{
    switch (port) {
    case 0x3DA: return now_ns % RETRACE_NS < RETRACE_NS / 20 ? 0x09 : now_ns / 31778 % 2 ? 0x01 : 0;
    case 0x3CC: return 0x67;            /* colour, at 3D4 */
    default: return 0;
    }
}

static bool row_equals(const uint16_t *cells, unsigned row, const uint16_t *others, unsigned other)
{
    return memcmp(cells + row * VCON_COLS, others + other * VCON_COLS, ROW_BYTES) == 0;
}

/* Output left the rows between two places of the cursor. */
static void leave_rows(struct vcon *console, unsigned from, unsigned to)
{
    for (unsigned row = from; row < to; row++)
        vcon_leave_row(console, row);
}

static void show_cells(struct text_page *page, const uint16_t *cells)
{
    for (unsigned row = 0; row < VCON_ROWS; row++)
        if (!row_equals(cells, row, page->cells, row))
            vcon_put_row(page->console, row, cells + row * VCON_COLS);
    memcpy(page->cells, cells, sizeof(page->cells));
}

static void show_page(struct text_page *page, const uint16_t *cells)
{
    struct vcon *console = page->console;
    unsigned at = (unsigned)page->crtc.cursor.shown - page->start;

    if (memcmp(cells, page->cells, sizeof(page->cells)) != 0) {
        if (!page->is_used)
            vcon_place_cursor(console, 0, 0);       /* not where the serial line was */
        page->is_used = true;
        show_cells(page, cells);
    }
    if (!page->is_used || at >= TEXT_PAGE_CELLS)
        return;
    leave_rows(console, console->row, at / VCON_COLS);
    if (at / VCON_COLS != console->row || at % VCON_COLS != console->column)
        vcon_place_cursor(console, at / VCON_COLS, at % VCON_COLS);
}

static void scroll_cells(struct text_page *page, unsigned rows)
{
    unsigned kept = (VCON_ROWS - rows) * VCON_COLS;

    vcon_scroll(page->console, rows);
    memmove(page->cells, page->cells + rows * VCON_COLS, kept * sizeof(uint16_t));
    for (unsigned i = kept; i < TEXT_PAGE_CELLS; i++)
        page->cells[i] = (uint16_t)(page->console->attribute << 8 | ' ');
}

/* All rows are moved up by one, and stand in the console as they did before. Who clears his page first moves blanks. */
static void scroll_page(struct text_page *page)
{
    if (!page->is_used)
        return;
    vcon_leave_row(page->console, page->console->row);
    scroll_cells(page, 1);
}

/* What is stored next is none of a scroll: was it one so far? */
static void end_moves(struct text_page *page)
{
    if (page->moved >= MOVED_LEAST * ROW_BYTES && page->moved % ROW_BYTES == 0)
        scroll_page(page);
}

void text_page_follow(struct text_page *page, uint8_t *memory, uint32_t at, unsigned bytes, uint32_t value)
{
    bool moves = page->console != NULL && page->crtc.start.shown == 0 && at == page->moved &&
                 at + bytes <= MOVED_BYTES && memcmp(&value, memory + at + ROW_BYTES, bytes) == 0;

    if (!moves)
        end_moves(page);
    if (moves && at == 0)
        show_page(page, (const uint16_t *)memory);
    memcpy(memory + at, &value, bytes);
    page->moved = moves ? at + bytes : 0;
    page->step.is_awaited = false;
    if (page->moved < MOVED_BYTES)
        return;
    page->moved = 0;
    scroll_page(page);
}

void text_page_leave_start(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS])
{
    end_moves(page);
    page->moved = 0;
    show_page(page, cells);
}

/* A page without is like any other such page, and says nothing of a scroll. */
static bool holds_text(const uint16_t *cells, unsigned rows)
{
    for (unsigned i = 0; i < rows * VCON_COLS; i++)
        if ((uint8_t)cells[i] != ' ' && (uint8_t)cells[i] != '\0')
            return true;
    return false;
}

/* By how many rows the cells are those of before, moved up; 0: they are not. */
static unsigned rows_up(const struct text_page *page, const uint16_t *cells)
{
    unsigned on = (uint16_t)(page->crtc.start.shown - page->start) % MEMORY_CELLS, rows = on / VCON_COLS;

    if (on % VCON_COLS == 0 && rows - 1 < VCON_ROWS - 1)
        return rows;
    for (rows = 0; rows <= VCON_ROWS - COPIED_LEAST; rows++)
        if (memcmp(cells, page->cells + rows * VCON_COLS, (VCON_ROWS - rows) * ROW_BYTES) == 0)
            return holds_text(cells, VCON_ROWS - rows) ? rows : 0;
    return 0;
}

/* The cursor stays where it is in memory until it is placed again; above the page it is in its first row. */
void text_page_take_start(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS])
{
    struct vcon *console = page->console;
    unsigned rows = page->is_used ? rows_up(page, cells) : 0;

    page->start = page->crtc.start.shown;
    if (rows == 0)
        return;
    scroll_cells(page, rows);
    vcon_place_cursor(console, console->row > rows ? console->row - rows : 0, console->column);
}

void text_page_show(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS], uint64_t instructions)
{
    if (page->moved == 0 || next_step_is_overdue(&page->step, instructions))
        show_page(page, cells);
}
