/*
 * paint.c - a picture of the console in memory (paint.h).
 */
#include "paint.h"

#include "sdk.h"

#define ROWS HV_CONSOLE_ROWS
#define COLS HV_CONSOLE_COLS
#define PLAIN 0x07
#define BRIGHT 0x0F

struct cell {
    char character;
    uint8_t attribute;
};

static struct cell wanted[ROWS][COLS], shown[ROWS][COLS];   /* attribute 0, at first: differs from all that is seen */

void paint_cell(unsigned row, unsigned column, uint8_t attribute, char character)
{
    if (row >= ROWS || column >= COLS || (row == ROWS - 1 && column == COLS - 1))
        return;
    wanted[row][column] = (struct cell){ .character = character, .attribute = attribute };
}

void paint_text(unsigned row, unsigned column, uint8_t attribute, const char *text)
{
    while (*text != '\0')
        paint_cell(row, column++, attribute, *text++);
}

static void paint_row(unsigned row, unsigned column, unsigned width, uint8_t attribute, const char *pieces)
{
    paint_cell(row, column, attribute, pieces[0]);
    for (unsigned i = 1; i + 1 < width; i++)
        paint_cell(row, column + i, attribute, pieces[1]);
    paint_cell(row, column + width - 1, attribute, pieces[2]);
}

void paint_box(unsigned row, unsigned column, unsigned height, unsigned width, uint8_t attribute, const char *title)
{
    paint_row(row, column, width, attribute, "\xC9\xCD\xBB");
    for (unsigned i = 1; i + 1 < height; i++)
        paint_row(row + i, column, width, attribute, "\xBA \xBA");
    paint_row(row + height - 1, column, width, attribute, "\xC8\xCD\xBC");
    paint_text(row, column + 2, attribute | BRIGHT, title);
}

void paint_clear(void)
{
    for (unsigned row = 0; row < ROWS; row++)
        for (unsigned column = 0; column < COLS; column++)
            paint_cell(row, column, PLAIN, ' ');
}

static bool is_shown(unsigned row, unsigned column)
{
    struct cell left = wanted[row][column], right = shown[row][column];

    return left.character == right.character && left.attribute == right.attribute;
}

/* Print the run of changed cells of one attribute that begins here. Returns its length. */
static unsigned show_run(unsigned row, unsigned column)
{
    uint8_t attribute = wanted[row][column].attribute;
    char text[COLS];
    unsigned length = 0;

    while (column + length < COLS && wanted[row][column + length].attribute == attribute &&
           !is_shown(row, column + length)) {
        text[length] = wanted[row][column + length].character;
        shown[row][column + length] = wanted[row][column + length];
        length++;
    }
    hv_print_at((int32_t)length, text, row, column, attribute);
    return length;
}

void paint_show(void)
{
    for (unsigned row = 0; row < ROWS; row++)
        for (unsigned column = 0; column < COLS;)
            column += is_shown(row, column) ? 1 : show_run(row, column);
}
