/*
 * rowlog.h - the rows that were printed on a console, each as one text (PURE): docs/operator.md "Rows".
 *
 * A row is logged when output leaves it by newline, wrap or scroll and its text differs from what was last logged for
 * it; other changed rows are logged by rowlog_still. Rows keep their identity when they scroll. The owner of a console
 * has its log, all zero at first, and lets vcon.log point there; NULL is no log, and then only what stands before
 * tall_rows need be there: a log that is empty.
 */
#ifndef IO_ROWLOG_H
#define IO_ROWLOG_H

#include "io/vcon.h"

#define ROWLOG_BYTES 16384      /* a power of two; see rowlog.c */
#define ROWLOG_FULL_BYTES (ROWLOG_BYTES / 4)    /* see rowlog.c */
#define ROWLOG_RECORD_MAX 255
#define ROWLOG_DEBUG_MAX (ROWLOG_RECORD_MAX - 1)

struct rowlog_row {
    uint32_t text_hash;         /* of the trimmed text last logged (0: never, or empty); not yet so if hash_waits */
    bool changed;               /* text may differ from what was logged */
    bool hash_waits;            /* text is what was logged: its hash is made before it changes, which few rows do */
    uint64_t logged_ns;         /* when it was last logged */
    uint64_t first_changed_ns;  /* first and last change of text since then, if it changed */
    uint64_t changed_ns;
};

struct rowlog {
    bool waits;                             /* a row may be changed: rowlog_still has something to look for */
    uint32_t head, tail;                    /* byte ring of records: length byte, then that many bytes: rowlog.c */
    uint64_t dropped_rows;
    struct rowlog_row tall_rows[VCON_TALL_ROWS];    /* as the console's tall_text */
    uint8_t ring[ROWLOG_BYTES + ROWLOG_RECORD_MAX]; /* a record may go on behind the ring */
};

/*
 * Log rows of a settled console that have been still for 100 ms (at most once a second each while they keep changing);
 * all = every changed row.
 */
void rowlog_still(struct vcon *console, uint64_t now_ns, bool all);
/* True while rows are logged that were not taken, or a row is yet to be logged. */
bool rowlog_waits(const struct rowlog *log);
/*
 * Take the oldest logged row: CP437 bytes without trailing blanks (never empty), at most 80. Returns length, or -1.
 * The text stays where it is until there is more output. More than VCON_COLS: no row of the console, but a text of
 * rowlog_debug, with its length in the first byte.
 */
int rowlog_take(struct rowlog *log, const uint8_t **text);
/*
 * Log a text that is not on the screen, behind all that was printed on a console, which is settled. length: at most
 * ROWLOG_DEBUG_MAX; 0: nothing.
 */
void rowlog_debug(struct vcon *console, const uint8_t *text, size_t length);
/* Log a row that is on no screen: its text, blanks behind it, and its length without them, which is not 0. */
void rowlog_line(struct rowlog *log, const uint8_t text[VCON_COLS], unsigned length);
/* True when the log is so full that the owner must not print more until rows were taken. */
static inline bool rowlog_is_full(const struct rowlog *log)
{
    return log->head - log->tail > ROWLOG_FULL_BYTES;
}

/* For vcon.c; a row is its index in the console's store, text what stands there. */

void rowlog_make_hash(struct rowlog_row *row, const uint8_t text[VCON_COLS]);

/*
 * Before any character of this row changes: its text may be all that is known of what was logged. Returns what
 * rowlog_touch wants.
 */
static inline struct rowlog_row *rowlog_begin(struct rowlog *log, unsigned tall_row, const uint8_t text[VCON_COLS])
{
    if (!log)
        return NULL;
    struct rowlog_row *row = &log->tall_rows[tall_row];
    if (row->hash_waits)
        rowlog_make_hash(row, text);
    return row;
}

/* A character of this row changed. */
static inline void rowlog_touch(struct rowlog *log, struct rowlog_row *row, uint64_t now_ns)
{
    if (!row)
        return;
    row->changed_ns = now_ns;
    if (row->changed)
        return;
    row->first_changed_ns = now_ns;
    row->changed = true;
    log->waits = true;
}

void rowlog_leave_changed(struct rowlog *log, struct rowlog_row *row, const uint8_t text[VCON_COLS], uint64_t now_ns);

/* Output leaves this row: log it if its text is new. */
static inline void rowlog_leave(struct rowlog *log, unsigned tall_row, const uint8_t text[VCON_COLS], uint64_t now_ns)
{
    if (log && log->tall_rows[tall_row].changed)
        rowlog_leave_changed(log, &log->tall_rows[tall_row], text, now_ns);
}

/* The screen scrolled: output left the row above top, and a new one, empty, is its last. */
static inline void rowlog_scroll(struct rowlog *log, unsigned top, const uint8_t text[VCON_COLS], uint64_t now_ns)
{
    if (!log)
        return;
    struct rowlog_row *row = &log->tall_rows[top + VCON_ROWS - 1];
    row->text_hash = 0;
    row->changed = row->hash_waits = false;
    row->logged_ns = 0;
    rowlog_leave(log, top - 1, text, now_ns);
}

/* The screen's rows move to the start of the store; top was the first. */
void rowlog_move_to_start(struct rowlog *log, unsigned top);

#endif
