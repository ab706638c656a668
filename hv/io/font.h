/*
 * font.h - the console fonts: CP437 in three sizes, made at build time by scripts/mkfont.py.
 *
 * Most lines of a glyph look like the one above: what is kept is each different line of a font once, and runs of equal
 * lines. That is a third of the bytes of plain bitmaps, and a line needs to be made of pixels only once.
 */
#ifndef IO_FONT_H
#define IO_FONT_H

#include <stdint.h>

#define FONT_COUNT 3            /* 8 x 16, 12 x 24, 16 x 32 */
#define FONT_WIDTH_MAX 16
#define FONT_RUN_LINES_BITS 6

struct font {
    uint32_t width, height;     /* of every glyph, in pixels */
    const uint16_t *patterns;   /* the different lines: bit width - 1 is the leftmost pixel */
    const uint16_t *runs;       /* pattern << FONT_RUN_LINES_BITS | how many lines, downwards */
    const uint16_t *first;      /* 257 of them: glyph i is the runs first[i] to first[i + 1] - 1 */
};

/* Small ones first. */
extern const struct font fonts[FONT_COUNT];

#endif
