/*
 * line.h - editing one line of input (no hardware in it: tested on the host). Backspace takes back one character,
 * Ctrl-U all; Enter completes the line. What does not fit is ignored.
 */
#ifndef PEBBLES_LINE_H
#define PEBBLES_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "pebbles/abi.h"

struct line {
    char text[PEBBLES_LINE_MAX];
    uint32_t length;
    uint32_t taken;             /* of a complete line, what was already read */
    bool complete;
};

/* What the screen shows of one key: first so many characters erased, then this one, if it is not NUL. */
struct line_echo {
    uint32_t erase;
    char character;
};

/* One key. The line must not be complete. */
struct line_echo line_key(struct line *line, char key);

/* Take at most bytes of a complete line, its '\n' included; returns how many. All taken: a new line begins. */
uint32_t line_take(struct line *line, char *to, uint32_t bytes);

#endif
