/*
 * scrollback.c - a ring of rows (PURE).
 */
#include "io/scrollback.h"

#include "base/string.h"

#define STEP (VCON_ROWS / 2)

void scrollback_init(struct scrollback *history, void *(*get_page)(size_t bytes))
{
    memset(history, 0, sizeof(*history));
    history->limit = SCROLLBACK_ROWS;
    history->get_page = get_page;
}

void scrollback_free(struct scrollback *history, void (*free_page)(void *page))
{
    for (unsigned page = 0; page < SCROLLBACK_ROWS / SCROLLBACK_PAGE_ROWS && history->pages[page] != NULL; page++)
        free_page(history->pages[page]);
    memset(history, 0, sizeof(*history));
}

/* Where the ring keeps this row, of those that ever came. */
static uint16_t *row_at(const struct scrollback *history, uint64_t number)
{
    unsigned index = (unsigned)(number % history->limit);

    return history->pages[index / SCROLLBACK_PAGE_ROWS][index % SCROLLBACK_PAGE_ROWS];
}

/* The row to come begins another page. Without one, it is the oldest row that it takes the place of. */
static void add_page(struct scrollback *history)
{
    unsigned page = (unsigned)history->pushed / SCROLLBACK_PAGE_ROWS;

    history->pages[page] = history->get_page(SCROLLBACK_PAGE_ROWS * sizeof(history->pages[0][0]));
    if (history->pages[page] == NULL)
        history->limit = (unsigned)history->pushed;
}

void scrollback_push(struct scrollback *history, const uint16_t row[VCON_COLS])
{
    if (history->pushed < history->limit && history->pushed % SCROLLBACK_PAGE_ROWS == 0)
        add_page(history);
    if (history->limit == 0)
        return;
    memcpy(row_at(history, history->pushed++), row, VCON_COLS * sizeof(*row));
}

unsigned scrollback_rows(const struct scrollback *history)
{
    return history->pushed < history->limit ? (unsigned)history->pushed : history->limit;
}

const uint16_t *scrollback_row(const struct scrollback *history, unsigned back)
{
    return row_at(history, history->pushed - back);
}

unsigned scrollback_move(const struct scrollback *history, unsigned back, bool further_back)
{
    unsigned limit = scrollback_rows(history);

    if (!further_back)
        return back > STEP ? back - STEP : 0;
    return limit - back > STEP ? back + STEP : limit;
}

unsigned scrollback_compose(const struct scrollback *history, unsigned back, uint16_t view[VCON_ROWS][VCON_COLS])
{
    unsigned count = back < VCON_ROWS ? back : VCON_ROWS;

    for (unsigned row = 0; row < count; row++)
        memcpy(view[row], row_at(history, history->pushed - back + row), sizeof(view[row]));
    return count;
}
