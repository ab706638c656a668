/*
 * scrollback.h - the rows that scrolled off a console, and the picture of an earlier moment that they give (PURE).
 */
#ifndef IO_SCROLLBACK_H
#define IO_SCROLLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/vcon.h"

#define SCROLLBACK_ROWS 1000
#define SCROLLBACK_PAGE_ROWS 25     /* what fits into 4 KiB */

struct scrollback {
    /* A ring, oldest row overwritten first. Its pages come as rows do: most machines never need more than two. */
    uint16_t (*pages[SCROLLBACK_ROWS / SCROLLBACK_PAGE_ROWS])[VCON_COLS];
    unsigned limit;                             /* rows it may have */
    uint64_t pushed;                            /* rows that ever came */
    uint64_t sent;                              /* line_screen.c: rows of its console that are behind it */
    void *(*get_page)(size_t bytes);            /* NULL: there is none, and the ring stays as large as it is */
};

/* An empty one. The pages that get_page gives stay the scrollback's. */
void scrollback_init(struct scrollback *history, void *(*get_page)(size_t bytes));

/* Give its pages back, each by free_page; nothing is kept any more. */
void scrollback_free(struct scrollback *history, void (*free_page)(void *page));

void scrollback_push(struct scrollback *history, const uint16_t row[VCON_COLS]);

/* How far back one can go, 0 to SCROLLBACK_ROWS. */
unsigned scrollback_rows(const struct scrollback *history);

/* The row that stood so many above the screen's top, 1 to scrollback_rows(history). Until another is pushed. */
const uint16_t *scrollback_row(const struct scrollback *history, unsigned back);

/* Half a screen further back or forward, as Linux has it: the new distance from the bottom, in rows. */
unsigned scrollback_move(const struct scrollback *history, unsigned back, bool further_back);

/*
 * What the screen showed back rows earlier, back <= scrollback_rows(history). Returns how many rows of view this made:
 * those below stand on the screen still, from its top on.
 */
unsigned scrollback_compose(const struct scrollback *history, unsigned back, uint16_t view[VCON_ROWS][VCON_COLS]);

#endif
