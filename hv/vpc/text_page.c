/*
 * text_page.c - see text_page.h (PURE).
 *
 * A scroll is known by its stores: from the first cell on each gets what stood a row below, for most of the rows.
 * Before the first of them the console is brought up to date, after the last it scrolls, and meanwhile nobody is shown
 * anything.
 */
#include "vpc/text_page.h"

#include <stddef.h>

#include "base/string.h"

#define ROW_BYTES (VCON_COLS * sizeof(uint16_t))
#define MOVED_BYTES ((VCON_ROWS - 1) * ROW_BYTES)
#define MOVED_LEAST (VCON_ROWS - 5) /* rows: some kernels leave the last ones alone */
#define PAUSE 20000u                /* instructions without a next step of a scroll, or without the second register */
#define BOTH 3u                     /* of a pair */
#define RETRACE_NS 16683000u        /* 60 Hz, of which a twentieth is the retrace */

enum { REG_SCAN_LINES = 0x09, REG_START_HIGH = 0x0C, REG_START_LOW, REG_CURSOR_HIGH, REG_CURSOR_LOW };

void text_page_reset(struct text_page *page)
{
    memset(page, 0, sizeof(*page));
    page->registers[REG_SCAN_LINES] = 0x4F;     /* a character has 16, less one */
    for (unsigned i = 0; i < TEXT_PAGE_CELLS; i++)
        page->cells[i] = TEXT_PAGE_BLANK;
}

uint8_t text_page_read(struct text_page *page, uint16_t port, uint64_t now_ns)
{
    switch (port) {
    case 0x3D4: return page->index;
    case 0x3D5: return page->index < TEXT_PAGE_REGISTERS ? page->registers[page->index] : 0;
    case 0x3DA: return now_ns % RETRACE_NS < RETRACE_NS / 20 ? 0x09 : now_ns / 31778 % 2 ? 0x01 : 0;
    case 0x3CC: return 0x67;            /* colour, at 3D4 */
    default: return 0;
    }
}

static uint16_t number_at(const struct text_page *page, unsigned high)
{
    return (uint16_t)(page->registers[high] << 8 | page->registers[high + 1]);
}

/* The number in the registers from high on is whole. */
static void take_pair(const struct text_page *page, struct text_page_pair *pair, unsigned high)
{
    pair->shown = number_at(page, high);
    pair->written = 0;
}

/* Who writes the same register once more leaves the other as it is. */
static void write_pair(struct text_page *page, struct text_page_pair *pair, unsigned high, uint8_t value)
{
    uint8_t bit = (uint8_t)(1u << (page->index - high));

    if (pair->written & bit)
        take_pair(page, pair, high);
    page->registers[page->index] = value;
    pair->written |= bit;
    pair->wait.is_seen = false;
    if (pair->written == BOTH)
        take_pair(page, pair, high);
}

static void write_indexed(struct text_page *page, uint8_t value)
{
    switch (page->index) {
    case REG_START_HIGH:
    case REG_START_LOW: write_pair(page, &page->start, REG_START_HIGH, value); break;
    case REG_CURSOR_HIGH:
    case REG_CURSOR_LOW: write_pair(page, &page->cursor, REG_CURSOR_HIGH, value); break;
    default: page->registers[page->index] = value;
    }
}

void text_page_write(struct text_page *page, uint16_t port, uint8_t value)
{
    if (port == 0x3D4)
        page->index = value;
    else if (port == 0x3D5 && page->index < TEXT_PAGE_REGISTERS)
        write_indexed(page, value);
}

uint32_t text_page_start(const struct text_page *page)
{
    return page->start.shown;
}

uint32_t text_page_cursor(const struct text_page *page)
{
    return number_at(page, REG_CURSOR_HIGH);
}

void text_page_place_cursor(struct text_page *page, uint32_t cell)
{
    page->registers[REG_CURSOR_HIGH] = (uint8_t)(cell >> 8);
    page->registers[REG_CURSOR_LOW] = (uint8_t)cell;
    take_pair(page, &page->cursor, REG_CURSOR_HIGH);
}

/* The guest does not go on with what it has begun. */
static bool is_over(struct text_page_wait *wait, uint64_t instructions)
{
    if (!wait->is_seen)
        wait->since = instructions;
    wait->is_seen = true;
    return instructions == TEXT_PAGE_IDLE || instructions - wait->since > PAUSE;
}

static void settle_pair(struct text_page *page, struct text_page_pair *pair, unsigned high, uint64_t instructions)
{
    if (pair->written != 0 && is_over(&pair->wait, instructions))
        take_pair(page, pair, high);
}

void text_page_settle(struct text_page *page, uint64_t instructions)
{
    settle_pair(page, &page->start, REG_START_HIGH, instructions);
    settle_pair(page, &page->cursor, REG_CURSOR_HIGH, instructions);
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
    unsigned at = (unsigned)page->cursor.shown - page->start.shown;

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

/* All rows are moved up by one, and stand in the console as they did before. */
static void scroll_page(struct text_page *page)
{
    vcon_leave_row(page->console, page->console->row);
    vcon_scroll(page->console, 1);
    memmove(page->cells, page->cells + VCON_COLS, (VCON_ROWS - 1) * ROW_BYTES);
    for (unsigned column = 0; column < VCON_COLS; column++)
        page->cells[(VCON_ROWS - 1) * VCON_COLS + column] = (uint16_t)(page->console->attribute << 8 | ' ');
}

void text_page_store(struct text_page *page, uint8_t *memory, uint32_t at, unsigned bytes, uint32_t value)
{
    bool moves = page->console != NULL && text_page_start(page) == 0 && at == page->moved &&
                 at + bytes <= MOVED_BYTES && memcmp(&value, memory + at + ROW_BYTES, bytes) == 0;

    if (!moves && page->moved >= MOVED_LEAST * ROW_BYTES && page->moved % ROW_BYTES == 0)
        scroll_page(page);
    if (moves && at == 0)
        show_page(page, (const uint16_t *)memory);
    memcpy(memory + at, &value, bytes);
    page->moved = moves ? at + bytes : 0;
    page->wait.is_seen = false;
    if (page->moved < MOVED_BYTES)
        return;
    page->moved = 0;
    scroll_page(page);
}

void text_page_show(struct text_page *page, const uint16_t cells[TEXT_PAGE_CELLS], uint64_t instructions)
{
    if (page->moved == 0 || is_over(&page->wait, instructions))
        show_page(page, cells);
}
