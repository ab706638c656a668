/*
 * framebuffer.h - a screen of cells on the framebuffer: only cells that differ from what was drawn are drawn again.
 */
#ifndef IO_FRAMEBUFFER_H
#define IO_FRAMEBUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "boot_info.h"

/* pixels: a write-combining mapping that is never read, or NULL: all calls then do nothing. */
void framebuffer_init(const struct boot_framebuffer *description, void *pixels);
bool framebuffer_present(void);

/* Show a row of 80 cells; cursor_column 80 and up: no cursor in it. Row 25 is the status line. */
void framebuffer_draw_row(unsigned row, const uint16_t cells[80], unsigned cursor_column);

#endif
