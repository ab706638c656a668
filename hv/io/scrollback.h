/*
 * scrollback.h - the rows that scrolled off a console, and the picture of an earlier moment that they give (PURE).
 */
#ifndef IO_SCROLLBACK_H
#define IO_SCROLLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "io/vcon.h"

#define SCROLLBACK_ROWS 1000

struct scrollback {
    uint16_t rows[SCROLLBACK_ROWS][VCON_COLS];  /* a ring, oldest row overwritten first */
    uint64_t pushed;                            /* rows that ever came */
};

/* All zero is an empty one. */
void scrollback_push(struct scrollback *history, const uint16_t row[VCON_COLS]);

/* How far back one can go, 0 to SCROLLBACK_ROWS. */
unsigned scrollback_rows(const struct scrollback *history);

/* Half a screen further back or forward, as Linux has it: the new distance from the bottom, in rows. */
unsigned scrollback_move(const struct scrollback *history, unsigned back, bool further_back);

/*
 * What the screen showed back rows earlier, back <= scrollback_rows(history). Returns how many rows of view this made:
 * those below stand on the screen still, from its top on.
 */
unsigned scrollback_compose(const struct scrollback *history, unsigned back, uint16_t view[VCON_ROWS][VCON_COLS]);

#endif
