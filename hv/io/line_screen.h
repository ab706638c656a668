/*
 * line_screen.h - the console in view on a serial terminal that does no more than add lines (lines.h): all rows of it,
 * also those that scrolled off while the line was busy, as far back as the console keeps them.
 */
#ifndef IO_LINE_SCREEN_H
#define IO_LINE_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "io/lines.h"
#include "io/vcon.h"

struct line_screen {
    struct lines lines;
    uint8_t rows[LINES_ROWS][LINES_COLUMNS];
    uint64_t first;             /* how many rows had scrolled off when the top row of lines was the console's */
    uint64_t repeat_ns;         /* when rows that were changed in place may be sent again */
};

/*
 * Another console comes into view, or the terminal is new. Of a console that was in view before, what has come since is
 * sent, from the line on that was its last; of others the screen as it is.
 */
void line_screen_begin(struct line_screen *screen, const struct vcon *console);

/* Send a line that is not of the console. The serial ring has room for LINES_STEP_BYTES. */
void line_screen_tell(struct line_screen *screen, const char *line);

/* Send what is new, as much as the serial ring takes. True: more is to be sent when it has room again. */
bool line_screen_draw(struct line_screen *screen, const struct vcon *console, uint64_t now_ns);

/* When the screen should be drawn although nothing is printed; UINT64_MAX: no need. */
uint64_t line_screen_next_ns(const struct line_screen *screen);

#endif
