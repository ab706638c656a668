/*
 * rowlog.c - rows for the TAP stream, by the rules of docs/operator.md "Rows" (PURE).
 */
#include "io/rowlog.h"

#include "base/check.h"
#include "base/string.h"

#define STILL_NS 100000000ull
#define REPEAT_NS 1000000000ull

/*
 * Why ROWLOG_FULL_BYTES: a print leaves at most VCON_ROWS old rows and makes new ones of its own bytes. The rest of
 * the ring holds what was pending when the guest was last found not to be full, one more print of the longest kind,
 * and the rows that then stand on the screen: 3 screens, and a row for each VCON_COLS bytes printed.
 */
#define ROW_BYTES (VCON_COLS + 1)
_Static_assert(ROWLOG_FULL_BYTES + 3 * VCON_ROWS * ROW_BYTES +
               (VCON_PENDING_BYTES + HV_PRINT_MAX_BYTES) * ROW_BYTES / VCON_COLS + ROW_BYTES <= ROWLOG_BYTES, "room");
#define EIGHT_BLANKS 0x2020202020202020ull

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

/* The length of a row's text without trailing blanks, which are ' ' and NUL: bytes with no bit but that of ' '. */
static unsigned trimmed(const uint8_t text[VCON_COLS])
{
    for (unsigned length = VCON_COLS; length > 0; length -= 8) {
        uint64_t seen = *(const word_t *)(text + length - 8) & ~EIGHT_BLANKS;
        if (seen)
            return length - (unsigned)__builtin_clzll(seen) / 8;
    }
    return 0;
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

void rowlog_make_hash(struct rowlog_row *row, const uint8_t text[VCON_COLS])
{
    row->hash_waits = false;
    row->text_hash = hash_of(text, trimmed(text));
}

static uint32_t room(const struct rowlog *log)
{
    return ROWLOG_BYTES - (log->head - log->tail);
}

/* All of the row is copied, for which there is room: that is less than to look where it ends. */
static void add_record(struct rowlog *log, const uint8_t text[VCON_COLS], unsigned length)
{
    uint8_t *record = &log->ring[log->head % ROWLOG_BYTES];

    if (room(log) <= VCON_COLS) {
        log->dropped_rows++;
        return;
    }
    record[0] = (uint8_t)length;
    for (unsigned i = 0; i < VCON_COLS; i += 8)
        *(word_t *)(record + 1 + i) = *(const word_t *)(text + i);
    log->head += 1 + length;
}

void rowlog_line(struct rowlog *log, const uint8_t text[VCON_COLS], unsigned length)
{
    add_record(log, text, length);
}

static void log_row(struct rowlog *log, struct rowlog_row *row, const uint8_t text[VCON_COLS], unsigned length)
{
    row->text_hash = 0;
    row->hash_waits = length != 0;
    if (length)
        add_record(log, text, length);
}

/* Not inlined: what it needs must not cost those that need it not. */
static __attribute__((noinline)) void log_row_again(struct rowlog *log, struct rowlog_row *row,
                                                    const uint8_t text[VCON_COLS], unsigned length)
{
    if (hash_of(text, length) != row->text_hash)
        log_row(log, row, text, length);
}

/* A row that is logged for the first time needs no hash: that is what most rows are logged for, and the last. */
void rowlog_leave_changed(struct rowlog *log, struct rowlog_row *row, const uint8_t text[VCON_COLS], uint64_t now_ns)
{
    unsigned length = trimmed(text);

    row->changed = false;
    row->logged_ns = now_ns;
    if (row->text_hash != 0)
        log_row_again(log, row, text, length);
    else if (length != 0)
        log_row(log, row, text, length);
}

/* A record longer than a row's, whatever the text's length: who takes rows asks for their length anyway. */
void rowlog_debug(struct vcon *console, const uint8_t *text, size_t length)
{
    struct rowlog *log = console->log;

    CHECK(vcon_is_settled(console));
    console->revision++;        /* for the run loop it has printed */
    if (!log || length == 0)
        return;
    size_t bytes = length < VCON_COLS ? VCON_COLS + 1 : length + 1;
    if (room(log) <= bytes) {
        log->dropped_rows++;
        return;
    }
    uint8_t *record = &log->ring[log->head % ROWLOG_BYTES];
    record[0] = (uint8_t)bytes;
    record[1] = (uint8_t)length;
    memcpy(record + 2, text, length);
    log->head += 1 + (uint32_t)bytes;
}

void rowlog_move_to_start(struct rowlog *log, unsigned top)
{
    memcpy(log->tall_rows, &log->tall_rows[top], VCON_ROWS * sizeof(log->tall_rows[0]));
}

void rowlog_still(struct vcon *console, uint64_t now_ns, bool all)
{
    struct rowlog *log = console->log;

    CHECK(vcon_is_settled(console));
    if (now_ns > console->now_ns)
        console->now_ns = now_ns;
    if (!log || !log->waits)
        return;
    log->waits = false;
    for (unsigned r = 0; r < VCON_ROWS; r++) {
        struct rowlog_row *row = &log->tall_rows[console->top + r];
        if (!row->changed)
            continue;
        bool is_still = now_ns - row->changed_ns >= STILL_NS || now_ns - row->first_changed_ns >= REPEAT_NS;
        bool is_due = row->logged_ns == 0 || now_ns - row->logged_ns >= REPEAT_NS;
        if (all || (is_still && is_due && !rowlog_is_full(log)))
            rowlog_leave_changed(log, row, vcon_text(console, r), console->now_ns);
        log->waits |= row->changed;
    }
}

bool rowlog_waits(const struct rowlog *log)
{
    return log->waits || log->head != log->tail;
}

/* A record is in one piece: what does not fit at the end of the ring is behind it. */
int rowlog_take(struct rowlog *log, const uint8_t **text)
{
    if (log->head == log->tail)
        return -1;
    const uint8_t *record = &log->ring[log->tail % ROWLOG_BYTES];
    *text = record + 1;
    log->tail += 1 + record[0];
    return record[0];
}
