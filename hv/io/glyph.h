/*
 * glyph.h - cells as pixels, in any format a framebuffer may have (PURE: it draws into memory it is given).
 */
#ifndef IO_GLYPH_H
#define IO_GLYPH_H

#include <stdint.h>

#include "boot_info.h"

#define GLYPH_ROWS 26       /* 25 and the status line */
#define GLYPH_COLUMNS 80

/* Where cells go on a screen. */
struct glyph_layout {
    struct boot_framebuffer screen;
    uint8_t *pixels;
    uint32_t scale;             /* screen pixels for each font pixel, both ways; at least 1 */
    uint32_t lines;             /* font lines of a cell that are drawn: 16, or 15 where 16 do not fit */
    uint32_t left, top;         /* of cell 0,0 */
    uint32_t colours[16];       /* pixel values of the VGA colours */
};

/*
 * Choose the largest scale at which 80 x 26 cells fit, the 16th line of glyphs left out where only that makes it fit.
 * A screen too small for scale 1 shows the upper left part.
 */
void glyph_choose_layout(struct glyph_layout *layout, const struct boot_framebuffer *screen, void *pixels);

/*
 * Draw one cell: VGA attribute << 8 | CP437 character, with an underline cursor or without. Outside the screen:
 * clipped.
 */
void glyph_draw(const struct glyph_layout *layout, unsigned row, unsigned column, uint16_t cell, int cursor);

/* Paint the whole screen black. */
void glyph_clear(const struct glyph_layout *layout);

#endif
