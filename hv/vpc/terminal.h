/*
 * terminal.h - bytes of a serial line on a console: a terminal that knows little (PURE).
 */
#ifndef VPC_TERMINAL_H
#define VPC_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/vcon.h"

struct terminal {
    uint8_t in_escape;          /* 0: plain; 1: behind ESC; 2: in a control sequence */
};

/* Is it part of an escape sequence? To be asked of each byte, once. */
bool terminal_skips(struct terminal *terminal, uint8_t byte);

/* Escape sequences are left out, tabs are blanks, other controls than \n, \r, \b are nothing. */
void terminal_write(struct terminal *terminal, struct vcon *console, const uint8_t *bytes, size_t count);

#endif
