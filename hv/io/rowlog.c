/*
 * rowlog.c - rows for the TAP stream, by the rules of docs/operator.md "Rows" (PURE).
 */
#include "io/rowlog.h"

#include "base/string.h"

#define STILL_NS 100000000ull
#define REPEAT_NS 1000000000ull

/*
 * Why VCON_LOG_FULL_BYTES: a print leaves at most 25 old rows of 80 and makes new ones of its own bytes. The rest of
 * the ring holds what was pending when the guest was last found not to be full, one more print of 4096 bytes, and the
 * rows that then stand on the screen: 3 times 25 * 81 bytes, and 81 for each 80 bytes printed.
 */
#define PRINT_MAX 4096u
_Static_assert(VCON_LOG_FULL_BYTES + 3 * 25 * 81 + (VCON_PENDING_BYTES + PRINT_MAX) * 81 / 80 + 81 <= VCON_LOG_BYTES,
               "room");
#define EIGHT_BLANKS 0x2020202020202020ull

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

static bool is_blank(uint8_t character)
{
    return character == ' ' || character == 0;
}

/* The length of a row's text without trailing blanks. */
static unsigned trimmed(const uint8_t text[VCON_COLS])
{
    unsigned length = VCON_COLS;

    while (length > 0 && *(const word_t *)(text + length - 8) == EIGHT_BLANKS)
        length -= 8;
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    return length;
}

/*
 * Multiply and fold, eight bytes at a time, never 0 but for no text. Two texts of one row that collide are logged once
 * too seldom, which 1 in 4 billion may be.
 */
static uint32_t hash_of(const uint8_t text[VCON_COLS], unsigned length)
{
    uint64_t hash = length;

    for (unsigned i = 0; i < length; i += 8) {
        uint64_t eight = *(const word_t *)(text + i);
        if (length - i < 8)
            eight &= (1ull << 8 * (length - i)) - 1;
        hash = (hash ^ eight) * 0x9E3779B97F4A7C15ull;
        hash ^= hash >> 32;
    }
    return length && (uint32_t)hash == 0 ? 1 : (uint32_t)hash;
}

void rowlog_make_hash(struct vcon_row_log *log, const uint8_t text[VCON_COLS])
{
    log->hash_waits = false;
    log->text_hash = hash_of(text, trimmed(text));
}

static uint32_t room(const struct vcon *console)
{
    return VCON_LOG_BYTES - (console->log_head - console->log_tail);
}

/* Up to eight bytes more than length are written, which is room for a record's VCON_COLS. */
static void add_record(struct vcon *console, const uint8_t text[VCON_COLS], unsigned length)
{
    uint8_t *record = &console->log[console->log_head % VCON_LOG_BYTES];

    if (room(console) <= VCON_COLS) {
        console->log_dropped_rows++;
        return;
    }
    record[0] = (uint8_t)length;
    for (unsigned i = 0; i < length; i += 8)
        *(word_t *)(record + 1 + i) = *(const word_t *)(text + i);
    console->log_head += 1 + length;
}

/* A row that is logged for the first time needs no hash: that is what most rows are logged for, and the last. */
void rowlog_leave_changed(struct vcon *console, struct vcon_row_log *log, const uint8_t text[VCON_COLS])
{
    unsigned length = trimmed(text);

    log->changed = false;
    log->logged_ns = console->now_ns;
    bool is_new = log->text_hash == 0 ? length != 0 : hash_of(text, length) != log->text_hash;
    if (!is_new)
        return;
    log->text_hash = 0;
    log->hash_waits = length != 0;
    if (length)
        add_record(console, text, length);
}

/* A record longer than a row's, whatever the text's length: who takes rows asks for their length anyway. */
void vcon_log_debug(struct vcon *console, const uint8_t *text, size_t length)
{
    vcon_settle(console);
    console->dirty_rows |= 1u << console->row;      /* for the run loop it has printed */
    if (!console->log_enabled || length == 0)
        return;
    size_t bytes = length < VCON_COLS ? VCON_COLS + 1 : length + 1;
    if (room(console) <= bytes) {
        console->log_dropped_rows++;
        return;
    }
    uint8_t *record = &console->log[console->log_head % VCON_LOG_BYTES];
    record[0] = (uint8_t)bytes;
    record[1] = (uint8_t)length;
    memcpy(record + 2, text, length);
    console->log_head += 1 + (uint32_t)bytes;
}

void vcon_log_still(struct vcon *console, uint64_t now_ns, bool all)
{
    vcon_settle(console);
    if (now_ns > console->now_ns)
        console->now_ns = now_ns;
    if (!console->log_waits)
        return;
    console->log_waits = false;
    for (unsigned row = 0; row < VCON_ROWS; row++) {
        const struct vcon_row_log *log = &console->tall_rows[console->top + row];
        if (!log->changed)
            continue;
        bool is_still = now_ns - log->changed_ns >= STILL_NS || now_ns - log->first_changed_ns >= REPEAT_NS;
        bool is_due = log->logged_ns == 0 || now_ns - log->logged_ns >= REPEAT_NS;
        if (all || (is_still && is_due && !vcon_log_is_full(console)))
            rowlog_leave(console, row);
        console->log_waits |= log->changed;
    }
}

bool vcon_log_waits(const struct vcon *console)
{
    bool waits = console->log_waits || console->log_head != console->log_tail;
    return console->log_enabled && waits;
}

/* A record is in one piece: what does not fit at the end of the ring is behind it. */
int vcon_log_take(struct vcon *console, const uint8_t **text)
{
    if (console->log_head == console->log_tail)
        return -1;
    const uint8_t *record = &console->log[console->log_tail % VCON_LOG_BYTES];
    *text = record + 1;
    console->log_tail += 1 + record[0];
    return record[0];
}
