/*
 * line_screen.c - the picture that is to be sent: the console's, or an earlier one while rows are behind.
 */
#include "io/line_screen.h"

#include "base/string.h"
#include "io/scrollback.h"
#include "io/serial.h"

#define REPEAT_NS 1000000000ull     /* what changes in place all the time is sent once in a second */

void line_screen_tell(struct line_screen *screen, const char *line)
{
    char text[LINES_STEP_BYTES];

    serial_tx(text, lines_tell(&screen->lines, line, text));
}

/* How many rows the terminal is behind; those that the console keeps no more are left out, which is said. */
static unsigned count_behind(struct line_screen *screen, const struct vcon *console)
{
    if (console->history == NULL)
        return 0;
    uint64_t behind = console->history->pushed - screen->first;
    unsigned kept = scrollback_rows(console->history);
    if (behind <= kept)
        return (unsigned)behind;
    line_screen_tell(screen, "...");
    screen->first = console->history->pushed - kept;
    return kept;
}

static void read_rows(struct line_screen *screen, const struct vcon *console, unsigned behind)
{
    for (unsigned row = 0; row < LINES_ROWS; row++) {
        if (row >= behind) {
            memcpy(screen->rows[row], vcon_text(console, row - behind), LINES_COLUMNS);
            continue;
        }
        const uint16_t *cells = scrollback_row(console->history, behind - row);
        for (unsigned column = 0; column < LINES_COLUMNS; column++)
            screen->rows[row][column] = (uint8_t)cells[column];
    }
}

void line_screen_begin(struct line_screen *screen, const struct vcon *console)
{
    const struct scrollback *history = console->history;
    uint64_t pushed = history != NULL ? history->pushed : 0, sent = history != NULL ? history->sent : 0;

    screen->first = sent != 0 && sent < pushed ? sent : pushed;
    read_rows(screen, console, 0);
    bool is_on_screen = sent > pushed && sent - pushed < LINES_ROWS;
    lines_resume(&screen->lines, screen->rows, is_on_screen ? (unsigned)(sent - pushed) : 0);
    screen->repeat_ns = 0;
}

bool line_screen_draw(struct line_screen *screen, const struct vcon *console, uint64_t now_ns)
{
    char text[LINES_STEP_BYTES];
    bool repeats = now_ns >= screen->repeat_ns;

    while (serial_tx_space() >= 2 * LINES_STEP_BYTES) {
        unsigned behind = count_behind(screen, console);
        struct lines_picture picture = { screen->rows, console->row, console->column, repeats };
        if (behind != 0)            /* all its rows are to be sent, as they are: the cursor is below them */
            picture = (struct lines_picture){ screen->rows, LINES_ROWS - 1, 0, false };
        read_rows(screen, console, behind);
        size_t bytes = lines_step(&screen->lines, &picture, text);
        serial_tx(text, bytes);
        if (console->history != NULL)
            console->history->sent = screen->first + screen->lines.row;
        if (screen->lines.has_repeated)
            screen->repeat_ns = now_ns + REPEAT_NS;
        if (bytes != 0)
            continue;
        if (behind == 0)
            return false;
        unsigned rows = behind < screen->lines.row ? behind : screen->lines.row;
        lines_scroll(&screen->lines, rows);
        screen->first += rows;
    }
    return true;
}

uint64_t line_screen_next_ns(const struct line_screen *screen)
{
    return screen->lines.is_stale ? screen->repeat_ns : UINT64_MAX;
}
