/*
 * glyph.h - cells as pixels, in any format a framebuffer may have (PURE: it draws into memory it is given).
 */
#ifndef IO_GLYPH_H
#define IO_GLYPH_H

#include <stdint.h>

#include "boot_info.h"
#include "io/font.h"

#define GLYPH_ROWS 26       /* 25 and the status line */
#define GLYPH_COLUMNS 80

/* Where cells go on a screen. */
struct glyph_layout {
    struct boot_framebuffer screen;
    uint8_t *pixels;
    const struct font *font;
    uint32_t scale;             /* screen pixels for each font pixel, both ways; at least 1 */
    uint32_t lines;             /* font lines of a cell that are drawn: all, or a 16th less where they do not fit */
    uint32_t left, top;         /* of cell 0,0 */
    uint32_t colours[16];       /* pixel values of the VGA colours */
};

/*
 * Choose font and scale so that 80 x 26 cells fit: of the finest font whose cells come within a quarter of the largest
 * that do. A screen too small for any shows the upper left part.
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
