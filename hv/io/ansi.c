/*
 * ansi.c - ECMA-48 "Control functions": CUP, SGR, ED (PURE).
 */
#include "io/ansi.h"

#include "base/format.h"
#include "base/string.h"
#include "io/cp437.h"

#define BLANK 0x0720            /* what ED leaves: a blank in the terminal's default colours */

/* VGA counts blue, green, red; ANSI red, green, blue. */
static const char ansi_colour[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };

static size_t add_text(char *text, size_t at, const char *more)
{
    while (*more)
        text[at++] = *more++;
    return at;
}

static size_t move_to(struct ansi *ansi, unsigned row, unsigned column, char *text, size_t at)
{
    char sequence[16];

    if (ansi->row == (int)row && ansi->column == (int)column)
        return at;
    format_string(sequence, sizeof(sequence), "\x1b[%u;%uH", row + 1, column + 1);
    ansi->row = (int)row;
    ansi->column = (int)column;
    return add_text(text, at, sequence);
}

static size_t set_attribute(struct ansi *ansi, uint8_t attribute, char *text, size_t at)
{
    char sequence[24];
    unsigned foreground = attribute & 15, background = attribute >> 4;

    if (ansi->attribute == attribute)
        return at;
    ansi->attribute = attribute;
    format_string(sequence, sizeof(sequence), "\x1b[%u;%um", (foreground & 8 ? 90u : 30u) + ansi_colour[foreground & 7],
                  (background & 8 ? 100u : 40u) + ansi_colour[background & 7]);
    return add_text(text, at, sequence);
}

size_t ansi_clear(struct ansi *ansi, char *text)
{
    for (unsigned row = 0; row < ANSI_ROWS; row++)
        for (unsigned column = 0; column < ANSI_COLUMNS; column++)
            ansi->shown[row][column] = BLANK;
    ansi->row = ansi->column = 0;
    ansi->attribute = -1;
    /* No automatic wrap: a character in the last column must not scroll the terminal. */
    return add_text(text, 0, "\x1b[0m\x1b[2J\x1b[?7l\x1b[H");
}

size_t ansi_row(struct ansi *ansi, unsigned row, const uint16_t cells[ANSI_COLUMNS], char *text)
{
    size_t at = 0;
    for (unsigned column = 0; column < ANSI_COLUMNS; column++) {
        if (ansi->shown[row][column] == cells[column])
            continue;
        at = move_to(ansi, row, column, text, at);
        at = set_attribute(ansi, (uint8_t)(cells[column] >> 8), text, at);
        at = add_text(text, at, cp437_utf8((uint8_t)cells[column]));
        ansi->shown[row][column] = cells[column];
        ansi->column = column + 1 < ANSI_COLUMNS ? (int)column + 1 : -1;
    }
    return at;
}

size_t ansi_cursor(struct ansi *ansi, unsigned row, unsigned column, char *text)
{
    return move_to(ansi, row, column, text, 0);
}
