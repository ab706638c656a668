/*
 * text_view.h - which part of its text page's memory a PC shows, and that its start moves (PURE).
 */
#ifndef VPC_TEXT_VIEW_H
#define VPC_TEXT_VIEW_H

#include <stdint.h>

#include "vpc/vpc.h"

/* The cells from the start on that the console knows. */
void text_view_read(const struct vpc *vpc, uint16_t cells[TEXT_PAGE_CELLS]);

/*
 * If the CRT controller has another start than the console knows: what was shown is brought there, and then scrolls as
 * the start moved. That is some thousand instructions' work, after which the run ends. Without a console nothing is
 * shown.
 */
void text_view_follow(struct vpc *vpc);

/* A byte to one of the CRT controller's ports, with all that comes of it. */
void text_view_write(struct vpc *vpc, uint16_t port, uint8_t value);

#endif
