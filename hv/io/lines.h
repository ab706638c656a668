/*
 * lines.h - a screen of characters as plain lines, for a terminal that does no more than add to what it shows: no
 * escape sequence is sent, only text, CR, LF and backspaces (PURE).
 *
 * The terminal's current line is a row of the screen. What is added to that row is sent as it is, and rows below become
 * further lines. A row above it that was changed in place (a clock, say) is sent as a line of its own, when the caller
 * lets it be.
 */
#ifndef IO_LINES_H
#define IO_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_ROWS 25
#define LINES_COLUMNS 80
#define LINES_STEP_BYTES 512    /* no step takes more text than this */

struct lines {
    uint8_t sent[LINES_ROWS][LINES_COLUMNS];    /* the screen's rows as they were sent, with blanks behind */
    unsigned row;               /* which of them is the terminal's current line */
    unsigned columns;           /* characters in that line */
    bool is_stale;              /* the last step left rows out that were changed in place */
    bool has_repeated;          /* the last step sent such a row */
};

/* What the screen shows: characters of CP437. */
struct lines_picture {
    uint8_t (*rows)[LINES_COLUMNS];             /* LINES_ROWS of them */
    unsigned cursor_row, cursor_column;
    bool repeats;               /* rows that were changed in place may be sent now */
};

/* Rows above this one were sent before, as they are; the terminal's current line is empty, and will be this row. */
void lines_resume(struct lines *lines, uint8_t rows[LINES_ROWS][LINES_COLUMNS], unsigned row);

/* The screen scrolled up by so many rows, at most lines->row. */
void lines_scroll(struct lines *lines, unsigned rows);

/* A step to bring the terminal up to date: at most LINES_STEP_BYTES of text. Returns how many; 0: it is. */
size_t lines_step(struct lines *lines, const struct lines_picture *picture, char *text);

/* A line that is not of the screen, at most LINES_COLUMNS of ASCII; the screen is sent anew behind it. */
size_t lines_tell(struct lines *lines, const char *line, char *text);

#endif
