/*
 * font.h - the console font: CP437, 8 pixels wide, made at build time by scripts/mkfont.py.
 */
#ifndef IO_FONT_H
#define IO_FONT_H

#include <stdint.h>

#define FONT_WIDTH 8
#define FONT_HEIGHT 16

/* Bit 7 of a line is its leftmost pixel. */
extern const uint8_t font_glyphs[256][FONT_HEIGHT];

#endif
