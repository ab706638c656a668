/*
 * keyline.h - key words on their way to a console whose owner has no room for them yet: they wait, in order.
 */
#ifndef IO_KEYLINE_H
#define IO_KEYLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/console.h"

#define KEYLINE_WORDS 1024

/* Give a key word to a console: at once, or when its turn comes. False: there is no place to wait, it is lost. */
bool keyline_give(struct console *console, uint32_t key_word, uint64_t now_ns);

/*
 * Hand on what can be taken by now. line_is_held: more comes only when there is space. Then an owner that has taken no
 * key for three seconds gets the rest all the same, and drops what it cannot keep, until it takes one.
 */
void keyline_pump(uint64_t now_ns, bool line_is_held);

extern unsigned keyline_count;          /* words that wait */

/* Words that may still come to wait. Each look asks, so this is inline. */
static inline unsigned keyline_space(void)
{
    return KEYLINE_WORDS - keyline_count;
}

#endif
