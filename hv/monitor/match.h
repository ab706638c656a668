/*
 * match.h - what else an autorun is judged by (PURE): match= and match!=, by the rows of its log, and console=.
 *
 * A text is looked for as characters of a console, where NUL, 0xFF and a blank are the same. Each match= needs a row of
 * its own, behind that of the one before it; no row at all may have a text of match!=. Rows count as soon as they are
 * taken from the log, also those that output= keeps out of the stream.
 */
#ifndef MONITOR_MATCH_H
#define MONITOR_MATCH_H

#include "io/rowlog.h"
#include "io/vcon.h"
#include "monitor/config.h"
#include "monitor/tapfmt.h"

/* A row that is shown in the verdict. */
struct match_row {
    unsigned count;
    uint8_t characters[ROWLOG_DEBUG_MAX];
};

/* Of one test, while it runs. All zero, then match_begin. */
struct match {
    const struct config *config;
    unsigned next, end;             /* in config->matches: the first match= that no row had, and behind the last */
    unsigned first;
    const struct config_match *broken;      /* the match!= that a row had first; NULL: none */
    struct match_row nearest;       /* has most of the beginning of match next, of the rows that could have been it */
    unsigned nearest_length;        /* how much */
    struct match_row forbidden;     /* that row */
    bool has_console;
    uint8_t console[VCON_ROWS][VCON_COLS];  /* that is expected */
};

/* Whether a line judges more than how its guest ends. */
static inline bool match_is_wanted(const struct config_autorun *autorun)
{
    return autorun->match_count != 0 || autorun->console[0] != '\0';
}

/* Begin with no row. */
void match_begin(struct match *match, const struct config *config, const struct config_autorun *autorun);

/*
 * Take the console that is expected: lines of UTF-8, to be the rows from the first on. Blanks at the end of lines and
 * lines that are missing are blank. A line "== N NAME cursor ROW,COL ==" before them, as --dump-console writes it, is
 * left out. NULL, or what is wrong with the text.
 */
const char *match_set_console(struct match *match, const char *text, uint64_t bytes);

/* A row or a text of debug print, as rowlog_take gave it, in the order of the log. */
void match_logged(struct match *match, const uint8_t *text, int length);

/*
 * After the last row: what is missing, as lines for the verdict that show what was expected and what was seen. They
 * point into match and console. Returns how many; 0: all is as expected.
 */
unsigned match_explain(const struct match *match, const struct vcon *console,
                       struct tapfmt_line lines[TAPFMT_DIFFERENCES_MAX]);

#endif
