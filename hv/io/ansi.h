/*
 * ansi.h - a screen of cells as ANSI/VT100 text with the least of it: only what differs from what the terminal shows
 * (PURE).
 */
#ifndef IO_ANSI_H
#define IO_ANSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSI_ROWS 26            /* 25 and the status line */
#define ANSI_COLUMNS 80
#define ANSI_ROW_BYTES 2400     /* no row takes more text than this */

/* What the terminal shows, and its state. */
struct ansi {
    uint16_t shown[ANSI_ROWS][ANSI_COLUMNS];
    int row, column;            /* of the terminal's cursor; -1: unknown */
    int attribute;              /* -1: unknown */
};

/* Clear the terminal. Writes at most ANSI_ROW_BYTES to text, returns how many; all further calls likewise. */
size_t ansi_clear(struct ansi *ansi, char *text);
/* Bring one row up to date. */
size_t ansi_row(struct ansi *ansi, unsigned row, const uint16_t cells[ANSI_COLUMNS], char *text);
/* Put the cursor somewhere. */
size_t ansi_cursor(struct ansi *ansi, unsigned row, unsigned column, char *text);

#endif
