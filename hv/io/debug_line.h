/*
 * debug_line.h - the second serial line, for a debugger: polled, with a small ring in each direction.
 */
#ifndef IO_DEBUG_LINE_H
#define IO_DEBUG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Find it, once, when the operator's line has its place. Returns its I/O port; 0: there is no second UART. */
uint16_t debug_line_init(void);

/* The next byte that came, or -1. */
int debug_line_take(void);

/* Bytes that debug_line_put takes now. */
size_t debug_line_room(void);
/* Send bytes, no more than there is room for. */
void debug_line_put(const char *bytes, size_t count);

/* Move what the UART takes without waiting. True while something is left. */
bool debug_line_pump(void);

#endif
