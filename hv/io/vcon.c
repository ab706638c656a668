/*
 * vcon.c - console cells: abi.md section 7 (PURE). rowlog.c keeps what the row log needs to know.
 */
#include "io/vcon.h"

#include "base/string.h"
#include "io/rowlog.h"
#include "io/scrollback.h"

#define BLANK 0x20
#define ALL_ROWS ((1u << VCON_ROWS) - 1)
#define ALL_BYTES(value) ((value) * 0x0101010101010101ull)

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;
typedef uint32_t __attribute__((aligned(1), may_alias)) half_t;

/* count is a multiple of 4. */
static void fill_blank(uint16_t *cells, unsigned count, uint8_t attribute)
{
    word_t *words = (word_t *)cells;

    for (unsigned i = 0; i < count / 4; i++)
        words[i] = (uint64_t)(attribute << 8 | BLANK) * 0x0001000100010001ull;
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

static void note_change(struct vcon *console, bool text_changed)
{
    if (text_changed)
        rowlog_touch(console, console->row);
    console->dirty_rows |= 1u << console->row;
}

static void blank_cell(struct vcon *console)
{
    uint16_t *cell = &console->tall_cells[console->top + console->row][console->column];
    uint16_t value = (uint16_t)(console->attribute << 8 | BLANK);

    if (*cell == value)
        return;
    note_change(console, (uint8_t)*cell != BLANK);
    *cell = value;
}

static bool is_control(uint8_t byte)
{
    return byte == '\n' || byte == '\r' || byte == '\b';
}

/* The top bit of each of eight bytes that is below 16, up to the first: control bytes are, and little else printed. */
static uint64_t below_16(uint64_t bytes)
{
    return (bytes - ALL_BYTES(0x10)) & ~bytes & ALL_BYTES(0x80);
}

/* Four bytes to the lower halves of four cells. */
static uint64_t spread(uint32_t bytes)
{
    uint64_t pairs = (bytes | (uint64_t)bytes << 16) & 0x0000FFFF0000FFFFull;
    return (pairs | pairs << 8) & 0x00FF00FF00FF00FFull;
}

/* The first count of four bytes to as many cells, count 4 or less. Returns which bits of them changed. */
static uint64_t put_some(uint16_t *cells, uint32_t text, unsigned count, uint64_t attributes)
{
    uint64_t mask = count < 4 ? (1ull << 16 * count) - 1 : ~0ull;
    uint64_t change = (*(word_t *)cells ^ (spread(text) | attributes)) & mask;

    *(word_t *)cells ^= change;
    return change;
}

/*
 * Bytes from the cursor on, in one row, up to a control byte or a little less; the first is none. Returns how many.
 */
static unsigned put_run(struct vcon *console, const uint8_t *bytes, unsigned count)
{
    uint16_t *cells = &console->tall_cells[console->top + console->row][console->column];
    uint64_t attributes = console->attribute * 0x0100010001000100ull, change = 0, stop = 0;
    unsigned done = 0;

    for (; done + 8 <= count; done += 8) {
        uint64_t text = *(const word_t *)(bytes + done);
        stop = below_16(text);
        if (stop)
            break;
        word_t *words = (word_t *)(cells + done);
        uint64_t low = spread((uint32_t)text) | attributes;
        change |= words[0] ^ low;
        words[0] = low;
        uint64_t high = spread((uint32_t)(text >> 32)) | attributes;
        change |= words[1] ^ high;
        words[1] = high;
    }
    unsigned rest = stop ? (unsigned)__builtin_ctzll(stop) / 8 : count - done;
    if (stop && rest >= 4) {
        change |= put_some(cells + done, *(const half_t *)(bytes + done), 4, attributes);
        change |= put_some(cells + done + 4, *(const half_t *)(bytes + done + 4), rest - 4, attributes);
        done += rest;
    } else {
        unsigned end = done + rest > 0 ? done + rest : 1;
        for (; done < end && !is_control(bytes[done]); done++) {
            uint16_t cell = (uint16_t)(attributes | bytes[done]);
            change |= cells[done] ^ cell;
            cells[done] = cell;
        }
    }
    if (change)
        note_change(console, change & 0x00FF00FF00FF00FFull);
    return done;
}

static void control(struct vcon *console, uint8_t byte)
{
    if (byte == '\n') {
        next_row(console);
    } else if (byte == '\r') {
        console->column = 0;
    } else if (console->column > 0) {
        console->column--;
        blank_cell(console);
    }
}

static void render(struct vcon *console, const uint8_t *bytes, size_t length)
{
    const uint8_t *end = bytes + length;

    while (bytes < end) {
        if (is_control(*bytes)) {
            control(console, *bytes++);
            continue;
        }
        unsigned room = VCON_COLS - console->column;
        unsigned count = (size_t)(end - bytes) < room ? (unsigned)(end - bytes) : room;
        unsigned done = put_run(console, bytes, count);
        bytes += done;
        console->column = (uint8_t)(console->column + done);
        if (console->column == VCON_COLS)
            next_row(console);
    }
}

void vcon_render_pending(struct vcon *console)
{
    render(console, console->pending, console->pending_bytes);
    console->pending_bytes = 0;
}

void vcon_write(struct vcon *console, const uint8_t *bytes, size_t length)
{
    vcon_settle(console);
    render(console, bytes, length);
}

void vcon_set_attribute(struct vcon *console, uint8_t attribute)
{
    vcon_settle(console);
    console->attribute = attribute;
}

void vcon_set_cursor(struct vcon *console, unsigned row, unsigned column)
{
    vcon_settle(console);
    vcon_place_cursor(console, row, column);
}

void vcon_write_at(struct vcon *console, const uint8_t *bytes, size_t length, unsigned row, unsigned column,
                   uint8_t attribute)
{
    vcon_settle(console);
    uint8_t old_row = console->row, old_column = console->column, old_attribute = console->attribute;

    vcon_place_cursor(console, row, column);
    console->attribute = attribute;
    render(console, bytes, length);
    vcon_place_cursor(console, old_row, old_column);
    console->attribute = old_attribute;
}
