/*
 * scrollback.c - a ring of rows (PURE).
 */
#include "io/scrollback.h"

#include "base/string.h"

#define STEP (VCON_ROWS / 2)

void scrollback_push(struct scrollback *history, const uint16_t row[VCON_COLS])
{
    memcpy(history->rows[history->pushed++ % SCROLLBACK_ROWS], row, sizeof(history->rows[0]));
}

unsigned scrollback_rows(const struct scrollback *history)
{
    return history->pushed < SCROLLBACK_ROWS ? (unsigned)history->pushed : SCROLLBACK_ROWS;
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
        memcpy(view[row], history->rows[(history->pushed - back + row) % SCROLLBACK_ROWS], sizeof(view[row]));
    return count;
}
