/*
 * rowlog.c - rows for the TAP stream, by the rules of operator.md section 5 (PURE).
 */
#include "io/rowlog.h"

#include "base/string.h"

#define STILL_NS 100000000ull
#define REPEAT_NS 1000000000ull
/*
 * One 4096-byte print leaves at most 25 old rows of 80 and makes new ones of its own bytes: the rest of the ring holds
 * it.
 */
#define FULL_BYTES (VCON_LOG_BYTES / 4)

static bool is_blank(uint8_t character)
{
    return character == ' ' || character == 0;
}

/* The row's text without trailing blanks. Returns its length. */
static unsigned trimmed(const struct vcon *console, unsigned row, uint8_t text[VCON_COLS])
{
    unsigned length = 0;
    for (unsigned column = 0; column < VCON_COLS; column++) {
        text[column] = (uint8_t)vcon_cells(console, row)[column];
        if (!is_blank(text[column]))
            length = column + 1;
    }
    return length;
}

/* FNV-1a. Two texts of one row that collide are logged once too seldom, which 1 in 4 billion may be. */
static uint32_t hash_of(const uint8_t *text, unsigned length)
{
    uint32_t hash = 2166136261u;
    for (unsigned i = 0; i < length; i++)
        hash = (hash ^ text[i]) * 16777619u;
    return length ? hash : 0;
}

static void append(struct vcon *console, const uint8_t *text, unsigned length)
{
    if (VCON_LOG_BYTES - (console->log_head - console->log_tail) < length + 1) {
        console->log_dropped_rows++;
        return;
    }
    console->log[console->log_head++ % VCON_LOG_BYTES] = (uint8_t)length;
    for (unsigned i = 0; i < length; i++)
        console->log[console->log_head++ % VCON_LOG_BYTES] = text[i];
}

void rowlog_leave(struct vcon *console, unsigned row)
{
    struct vcon_row_log *log = &console->tall_rows[console->top + row];
    uint8_t text[VCON_COLS];

    if (!console->log_enabled || !log->changed)
        return;
    unsigned length = trimmed(console, row, text);
    uint32_t hash = hash_of(text, length);
    log->changed = false;
    log->logged_ns = console->now_ns;
    if (hash == log->text_hash)
        return;
    log->text_hash = hash;
    if (length)
        append(console, text, length);
}

void vcon_log_still(struct vcon *console, uint64_t now_ns, bool all)
{
    if (now_ns > console->now_ns)
        console->now_ns = now_ns;
    for (unsigned row = 0; row < VCON_ROWS; row++) {
        const struct vcon_row_log *log = &console->tall_rows[console->top + row];
        if (!log->changed)
            continue;
        bool is_still = now_ns - log->changed_ns >= STILL_NS || now_ns - log->first_changed_ns >= REPEAT_NS;
        bool is_due = log->logged_ns == 0 || now_ns - log->logged_ns >= REPEAT_NS;
        if (all || (is_still && is_due && !vcon_log_is_full(console)))
            rowlog_leave(console, row);
    }
}

int vcon_log_take(struct vcon *console, uint8_t text[VCON_COLS])
{
    if (console->log_head == console->log_tail)
        return -1;
    unsigned length = console->log[console->log_tail++ % VCON_LOG_BYTES];
    for (unsigned i = 0; i < length; i++)
        text[i] = console->log[console->log_tail++ % VCON_LOG_BYTES];
    return (int)length;
}

bool vcon_log_is_full(const struct vcon *console)
{
    return console->log_head - console->log_tail > FULL_BYTES;
}
