/*
 * rowlog.h - which rows of a console a log has seen (PURE): called by vcon.c, read through vcon_log_take.
 */
#ifndef IO_ROWLOG_H
#define IO_ROWLOG_H

#include "io/vcon.h"

/* A character of this row changed. */
static inline void rowlog_touch(struct vcon *console, unsigned row)
{
    struct vcon_row_log *log = &console->tall_rows[console->top + row];
    if (!log->changed)
        log->first_changed_ns = console->now_ns;
    log->changed = true;
    console->log_waits = true;
    log->changed_ns = console->now_ns;
}

void rowlog_make_hash(struct vcon_row_log *log, const uint8_t text[VCON_COLS]);

/* Before any character of this row changes: its text may be all that is known of what was logged. */
static inline void rowlog_begin(struct vcon *console, unsigned row)
{
    struct vcon_row_log *log = &console->tall_rows[console->top + row];
    if (log->hash_waits)
        rowlog_make_hash(log, vcon_text(console, row));
}

void rowlog_leave_changed(struct vcon *console, struct vcon_row_log *log, const uint8_t text[VCON_COLS]);

/* Output leaves this row: log it if its text is new. */
static inline void rowlog_leave(struct vcon *console, unsigned row)
{
    struct vcon_row_log *log = &console->tall_rows[console->top + row];
    if (console->log_enabled && log->changed)
        rowlog_leave_changed(console, log, vcon_text(console, row));
}

#endif
