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
#define WORDS_AT_ONCE 4

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
    console->tall_plain[tall_row] = console->attribute;
}

/* The row gets an attribute of its own in each cell. */
static void mix_row(struct vcon *console, unsigned tall_row)
{
    fill_row(console->tall_attributes[tall_row], (uint8_t)console->tall_plain[tall_row]);
    console->tall_plain[tall_row] = VCON_MIXED;
}

void vcon_init(struct vcon *console)
{
    memset(&console->top, 0, offsetof(struct vcon, pending) - offsetof(struct vcon, top));
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

void vcon_copy(struct vcon *console, const struct vcon *from)
{
    memcpy(console->tall_text, from->tall_text[from->top], VCON_ROWS * sizeof(console->tall_text[0]));
    memcpy(console->tall_plain, &from->tall_plain[from->top], VCON_ROWS * sizeof(console->tall_plain[0]));
    for (unsigned row = 0; row < VCON_ROWS; row++)
        if (console->tall_plain[row] == VCON_MIXED)
            memcpy(console->tall_attributes[row], from->tall_attributes[from->top + row], VCON_COLS);
    console->row = from->row;
    console->column = from->column;
    console->attribute = from->attribute;
}

_Static_assert(VCON_TALL_ROWS >= 2 * VCON_ROWS, "memcpy of the screen to the start must not overlap");

/* Not inlined, as one row in 38 needs it: what it needs must not cost the others. */
static __attribute__((noinline)) void move_to_start(struct vcon *console)
{
    unsigned top = console->top;

    memcpy(console->tall_text, console->tall_text[top], VCON_ROWS * sizeof(console->tall_text[0]));
    memcpy(console->tall_plain, &console->tall_plain[top], VCON_ROWS * sizeof(console->tall_plain[0]));
    for (unsigned row = 0; row < VCON_ROWS; row++)
        if (console->tall_plain[row] == VCON_MIXED)
            memcpy(console->tall_attributes[row], console->tall_attributes[top + row], VCON_COLS);
    if (console->log)
        rowlog_move_to_start(console->log, top);
    console->top = 0;
}

static __attribute__((noinline)) void keep_top_row(struct vcon *console)
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

/* So many cells from the cursor on get the console's attribute, in a row of several. Returns whether one changed. */
static __attribute__((noinline)) bool mixed_colour_run(struct vcon *console, unsigned tall_row, unsigned count)
{
    uint8_t *attributes = &console->tall_attributes[tall_row][console->column], change = 0;

    if (count == VCON_COLS) {
        console->tall_plain[tall_row] = console->attribute;
        return true;
    }
    if (console->tall_plain[tall_row] != VCON_MIXED)
        mix_row(console, tall_row);
    for (unsigned i = 0; i < count; i++) {
        change |= attributes[i] ^ console->attribute;
        attributes[i] = console->attribute;
    }
    return change != 0;
}

/* The same in any row. */
static bool colour_run(struct vcon *console, unsigned count)
{
    unsigned tall_row = console->top + console->row;

    return console->tall_plain[tall_row] != console->attribute && mixed_colour_run(console, tall_row, count);
}

static void blank_cell(struct vcon *console)
{
    uint8_t *character = &console->tall_text[console->top + console->row][console->column];

    bool is_colour_new = colour_run(console, 1);
    if (*character == BLANK && !is_colour_new)
        return;
    note_change(console, begin_row(console), *character != BLANK);
    *character = BLANK;
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

/* What put_words put, and which bits of it were not there before. */
struct put {
    uint64_t change;
    size_t count;
};

/* Bytes from the first on, 32 by 32, up to those that are not all ASCII from 16 on. */
static __attribute__((noinline)) struct put put_words(uint8_t *text, const uint8_t *bytes, size_t count)
{
    uint64_t change = 0, words[WORDS_AT_ONCE];
    size_t done = 0;

    for (; done + sizeof(words) <= count; done += sizeof(words)) {
        uint64_t marks = 0;
        for (unsigned i = 0; i < WORDS_AT_ONCE; i++) {
            words[i] = *(const word_t *)(bytes + done + 8 * i);
            marks |= words[i] - ALL_BYTES(0x10);
        }
        if (marks & ALL_BYTES(0x80))
            break;
        for (unsigned i = 0; i < WORDS_AT_ONCE; i++) {
            change |= *(word_t *)(text + done + 8 * i) ^ words[i];
            *(word_t *)(text + done + 8 * i) = words[i];
        }
    }
    return (struct put){ change, done };
}

/*
 * Bytes from the cursor on, in one row, up to a control byte or a little less; the first is none. Returns how many.
 */
static size_t put_run(struct vcon *console, const uint8_t *bytes, size_t count)
{
    uint8_t *text = &console->tall_text[console->top + console->row][console->column];
    uint64_t stop = 0;

    struct rowlog_row *row = begin_row(console);
    struct put put = count >= 8 * WORDS_AT_ONCE ? put_words(text, bytes, count) : (struct put){ 0, 0 };
    uint64_t text_change = put.change;
    size_t done = put.count;
    for (; done + 8 <= count; done += 8) {
        uint64_t eight = *(const word_t *)(bytes + done);
        stop = below_16(eight);
        if (stop)
            break;
        text_change |= put_eight(text + done, eight, ~0ull);
    }
    unsigned rest = stop ? (unsigned)__builtin_ctzll(stop) / 8 : 0;
    if (rest) {
        uint64_t mask = (1ull << 8 * rest) - 1;
        text_change |= put_eight(text + done, *(const word_t *)(bytes + done), mask);
        done += rest;
    } else {
        size_t end = stop ? done + 1 : count;       /* it may be a character below 16 */
        for (; done < end && !is_control(bytes[done]); done++) {
            text_change |= text[done] ^ bytes[done];
            text[done] = bytes[done];
        }
    }
    if (colour_run(console, (unsigned)done) | (text_change != 0))
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

/* Bound: the bytes. Whoever has many cuts them (call_console.c). */
static void render(struct vcon *console, const uint8_t *bytes, size_t length)
{
    const uint8_t *end = bytes + length;

    while (bytes < end) {
        if (is_control(*bytes)) {
            control(console, *bytes++);
            continue;
        }
        size_t room = VCON_COLS - console->column, count = (size_t)(end - bytes);
        size_t done = put_run(console, bytes, count < room ? count : room);
        bytes += done;
        console->column = (uint8_t)(console->column + done);
        if (done == room) {
            next_row(console);
        } else if (bytes < end && *bytes == '\n') {     /* as most rows end */
            bytes++;
            next_row(console);
        }
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

/* Bound: the rows, which the caller names. */
void vcon_scroll(struct vcon *console, unsigned rows)
{
    vcon_settle(console);
    while (rows-- > 0)
        scroll_up(console);
    console->revision++;
}

void vcon_put_row(struct vcon *console, unsigned row, const uint16_t cells[VCON_COLS])
{
    unsigned tall_row = console->top + row;
    uint8_t *text = console->tall_text[tall_row];
    bool is_plain = true, is_text_new = false;

    vcon_settle(console);
    struct rowlog_row *logged = rowlog_begin(console->log, tall_row, text);
    for (unsigned column = 0; column < VCON_COLS; column++) {
        is_text_new |= text[column] != (uint8_t)cells[column];
        is_plain &= cells[column] >> 8 == cells[0] >> 8;
        text[column] = (uint8_t)cells[column];
        console->tall_attributes[tall_row][column] = (uint8_t)(cells[column] >> 8);
    }
    console->tall_plain[tall_row] = is_plain ? cells[0] >> 8 : VCON_MIXED;
    if (is_text_new)
        rowlog_touch(console->log, logged, console->now_ns);
    console->dirty_rows |= 1u << row;
    console->revision++;
}

void vcon_leave_row(struct vcon *console, unsigned row)
{
    vcon_settle(console);
    rowlog_leave(console->log, console->top + row, vcon_text(console, row), console->now_ns);
}
