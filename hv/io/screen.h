/*
 * screen.h - every screen there is, as one of 80 x 25 cells and a status line: framebuffer and, when used, serial
 * terminal.
 */
#ifndef IO_SCREEN_H
#define IO_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "io/vcon.h"

/* What the cells are at the moment; the cursor may stand in the status line (row VCON_ROWS). */
struct screen_view {
    const struct vcon *vcon;    /* the console as it is, unless there are cells: only rows to draw are read of it */
    const uint16_t *cells;      /* VCON_ROWS rows of VCON_COLS, one behind the other; or NULL */
    unsigned cursor_row, cursor_column;
};

/* Whether the serial line shows the screen; from now on everything is drawn there anew. */
void screen_use_serial(bool use);

/*
 * What kind of terminal the serial line has: an ANSI one with so many rows, SCREEN_ROWS_MIN to SCREEN_ROWS, of which
 * the last is the status line's and the others show where the cursor is; or one that only adds lines.
 */
#define SCREEN_ROWS_MIN 10
#define SCREEN_ROWS (VCON_ROWS + 1)
#define SCREEN_LINES 0
void screen_set_terminal(unsigned rows);
unsigned screen_terminal(void);

/* Where there are only lines, the status line is sent when it is asked for, not whenever it changes. */
void screen_tell_status(void);

/* Everything is another picture now. */
void screen_invalidate(void);

/* Note which rows of the console in view changed, and what the status line says. */
void screen_touch_rows(uint32_t rows);
void screen_set_status(const char *text);

/* For a last look, in place of the time: no frame waits for the one before. */
#define SCREEN_AT_ONCE UINT64_MAX

/*
 * Draw what changed: rows_max rows on the framebuffer, on serial as much as its ring takes. True while something is
 * left to be drawn now. A frame begins 25 ms after the one before at the earliest; screen_next_ns says when the next
 * one may, UINT64_MAX when nothing waits for it.
 */
bool screen_draw(const struct screen_view *view, unsigned rows_max, uint64_t now_ns);
uint64_t screen_next_ns(void);

/* TSC cycles that drawing a frame on the framebuffer took, the longest since the last call. */
uint64_t screen_take_worst_frame(void);

#endif
