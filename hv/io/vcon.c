/*
 * vcon.c - console cells: docs/abi.md "Console and timer" (PURE).
 */
#include "io/vcon.h"

#include "base/string.h"
#include "io/rowlog.h"
#include "io/scrollback.h"

#define BLANK 0x20
#define ALL_ROWS ((1u << VCON_ROWS) - 1)
#define ALL_BYTES(value) ((value) * 0x0101010101010101ull)

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

static void fill_row(uint8_t row[VCON_COLS], uint8_t value)
{
    word_t *words = (word_t *)row;

    for (unsigned i = 0; i < VCON_COLS / 8; i++)
        words[i] = ALL_BYTES(value);
}

static void clear_row(struct vcon *console, unsigned tall_row)
{
    fill_row(console->tall_text[tall_row], BLANK);
    fill_row(console->tall_attributes[tall_row], console->attribute);
}

void vcon_init(struct vcon *console)
{
    memset(console, 0, sizeof(*console));
    console->attribute = VCON_ATTRIBUTE_START;
    console->dirty_rows = ALL_ROWS;
    for (unsigned row = 0; row < VCON_ROWS; row++)
        clear_row(console, row);
}

void vcon_read_row(const struct vcon *console, unsigned row, uint16_t cells[VCON_COLS])
{
    for (unsigned column = 0; column < VCON_COLS; column++)
        cells[column] = vcon_cell(console, row, column);
}

_Static_assert(VCON_TALL_ROWS >= 2 * VCON_ROWS, "memcpy of the screen to the start must not overlap");

static void move_to_start(struct vcon *console)
{
    unsigned top = console->top;

    memcpy(console->tall_text, console->tall_text[top], VCON_ROWS * sizeof(console->tall_text[0]));
    memcpy(console->tall_attributes, console->tall_attributes[top], VCON_ROWS * sizeof(console->tall_attributes[0]));
    if (console->log)
        rowlog_move_to_start(console->log, top);
    console->top = 0;
}

static void keep_top_row(struct vcon *console)
{
    uint16_t cells[VCON_COLS];

    vcon_read_row(console, 0, cells);
    scrollback_push(console->history, cells);
}

static void scroll_up(struct vcon *console)
{
    if (console->history)
        keep_top_row(console);
    if (console->top == VCON_TALL_ROWS - VCON_ROWS)
        move_to_start(console);
    console->top++;
    clear_row(console, console->top + VCON_ROWS - 1);
    console->dirty_rows = ALL_ROWS;
    rowlog_scroll(console->log, console->top, console->tall_text[console->top - 1], console->now_ns);
}

/* Eager: the next row begins, and the screen scrolls, at once. */
static void next_row(struct vcon *console)
{
    rowlog_leave(console->log, console->top + console->row, vcon_text(console, console->row), console->now_ns);
    console->column = 0;
    if (console->row + 1 < VCON_ROWS)
        console->row++;
    else
        scroll_up(console);
}

static void note_change(struct vcon *console, struct rowlog_row *row, bool text_changed)
{
    if (text_changed)
        rowlog_touch(console->log, row, console->now_ns);
    console->dirty_rows |= 1u << console->row;
}

/* Before any character of the cursor's row changes. */
static struct rowlog_row *begin_row(struct vcon *console)
{
    return rowlog_begin(console->log, console->top + console->row, vcon_text(console, console->row));
}

static void blank_cell(struct vcon *console)
{
    unsigned tall_row = console->top + console->row;
    uint8_t *character = &console->tall_text[tall_row][console->column];
    uint8_t *attribute = &console->tall_attributes[tall_row][console->column];

    if (*character == BLANK && *attribute == console->attribute)
        return;
    note_change(console, begin_row(console), *character != BLANK);
    *character = BLANK;
    *attribute = console->attribute;
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

/* The bits of mask of eight bytes of a row become those of value. Returns which of them change. */
static uint64_t put_eight(uint8_t *to, uint64_t value, uint64_t mask)
{
    uint64_t old = *(word_t *)to, change = (old ^ value) & mask;

    *(word_t *)to = old ^ change;
    return change;
}

/*
 * Bytes from the cursor on, in one row, up to a control byte or a little less; the first is none. Returns how many.
 */
static unsigned put_run(struct vcon *console, const uint8_t *bytes, unsigned count)
{
    uint8_t *text = &console->tall_text[console->top + console->row][console->column];
    uint8_t *attributes = &console->tall_attributes[console->top + console->row][console->column];
    uint64_t attribute = ALL_BYTES((uint64_t)console->attribute), text_change = 0, colour_change = 0, stop = 0;
    unsigned done = 0;

    struct rowlog_row *row = begin_row(console);
    for (; done + 8 <= count; done += 8) {
        uint64_t eight = *(const word_t *)(bytes + done);
        stop = below_16(eight);
        if (stop)
            break;
        text_change |= put_eight(text + done, eight, ~0ull);
        colour_change |= put_eight(attributes + done, attribute, ~0ull);
    }
    unsigned rest = stop ? (unsigned)__builtin_ctzll(stop) / 8 : 0;
    if (rest) {
        uint64_t mask = (1ull << 8 * rest) - 1;
        text_change |= put_eight(text + done, *(const word_t *)(bytes + done), mask);
        colour_change |= put_eight(attributes + done, attribute, mask);
        done += rest;
    } else {
        unsigned end = stop ? done + 1 : count;     /* it may be a character below 16 */
        for (; done < end && !is_control(bytes[done]); done++) {
            text_change |= text[done] ^ bytes[done];
            colour_change |= attributes[done] ^ console->attribute;
            text[done] = bytes[done];
            attributes[done] = console->attribute;
        }
    }
    if (text_change | colour_change)
        note_change(console, row, text_change);
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
    console->is_settling = true;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);    /* an NMI sees the mark as long as it may see some of the work */
    render(console, console->pending, console->pending_bytes);
    console->pending_bytes = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    console->is_settling = false;
}

bool vcon_settle_at_once(struct vcon *console)
{
    if (console->is_settling)
        return false;
    vcon_settle(console);
    return true;
}

void vcon_write(struct vcon *console, const uint8_t *bytes, size_t length)
{
    vcon_settle(console);
    render(console, bytes, length);
    console->revision++;
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
