/*
 * display.h - what a guest's console shows of its PC: the text page, or the serial line (PURE).
 *
 * As long as the guest leaves its text page alone the console is a terminal on COM1. From then on it shows the page,
 * and lines of COM1 go to the row log only, but for those that stand on the page, too.
 */
#ifndef VPC_DISPLAY_H
#define VPC_DISPLAY_H

#include "io/vcon.h"
#include "vpc/terminal.h"
#include "vpc/vpc.h"

struct display {
    struct terminal terminal;
    unsigned length;                /* of the line of COM1 that is under way */
    uint8_t line[VCON_COLS];
};

/* Show what changed, and take what the serial line has put out. is_idle: the PC halts, or has ended. */
void display_update(struct display *display, struct vpc *vpc, struct vcon *console, bool is_idle);

#endif
