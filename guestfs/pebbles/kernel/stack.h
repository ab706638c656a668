/*
 * stack.h - the first stack of a program grows by itself (no hardware in it: tested on the host).
 *
 * It begins with PEBBLES_STACK_BYTES, which exec promises, and grows down to PEBBLES_STACK_MAX_BYTES, wherever in there
 * the program, or the kernel for it, touches a page: all pages from there up to the stack, so that it has no holes.
 * What is between them is the program's to use for new_pages; the stack then ends above it. Nothing is kept: the stack
 * is what lies on top of user memory, up to the first page of a new_pages.
 */
#ifndef PEBBLES_STACK_H
#define PEBBLES_STACK_H

#include <stdbool.h>
#include <stdint.h>

enum stack_growth {
    STACK_GROWS,            /* stack_grow does it */
    STACK_ELSEWHERE,        /* the page is there, or it has nothing to do with the stack */
    STACK_AT_LIMIT,         /* below what it may grow to, by no more than that */
    STACK_OBSTRUCTED,       /* pages of new_pages lie between */
    STACK_NO_MEMORY,        /* not enough frames to promise */
};

/* What stack_grow would do about an address that is touched; nothing changes. */
enum stack_growth stack_examine(uint32_t directory, uint32_t address);

/* Grow down to the page of this address, or do nothing. New pages show the zero frame; no entry was present before. */
enum stack_growth stack_grow(uint32_t directory, uint32_t address);

#endif
