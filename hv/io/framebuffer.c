/*
 * framebuffer.c - remember what is on the screen, draw the difference.
 */
#include "io/framebuffer.h"

#include <stddef.h>

#include "io/glyph.h"

#define CURSOR_HERE 0x10000u        /* beside a cell in the copy: it was drawn with the cursor */
#define BLANK 0x0720u               /* what a cleared screen shows, and most of a new console is */

static struct glyph_layout layout;
static uint32_t drawn[GLYPH_ROWS][GLYPH_COLUMNS];   /* reading the framebuffer itself would be 100 times slower */

void framebuffer_init(const struct boot_framebuffer *description, void *pixels)
{
    if (pixels == NULL)
        return;
    glyph_choose_layout(&layout, description, pixels);
    glyph_clear(&layout);
    for (unsigned row = 0; row < GLYPH_ROWS; row++)
        for (unsigned column = 0; column < GLYPH_COLUMNS; column++)
            drawn[row][column] = BLANK;
}

bool framebuffer_present(void)
{
    return layout.pixels != NULL;
}

void framebuffer_draw_row(unsigned row, const uint16_t cells[80], unsigned cursor_column)
{
    if (layout.pixels == NULL)
        return;
    for (unsigned column = 0; column < GLYPH_COLUMNS; column++) {
        uint32_t wanted = cells[column] | (column == cursor_column ? CURSOR_HERE : 0);
        if (drawn[row][column] == wanted)
            continue;
        glyph_draw(&layout, row, column, cells[column], column == cursor_column);
        drawn[row][column] = wanted;
    }
}
