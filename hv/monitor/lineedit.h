/*
 * lineedit.h - one line under a cursor, and the lines entered before it (PURE).
 */
#ifndef MONITOR_LINEEDIT_H
#define MONITOR_LINEEDIT_H

#include <stdbool.h>
#include <stdint.h>

#define LINEEDIT_BYTES 256      /* longest line, with its NUL */
#define LINEEDIT_HISTORY 16

enum lineedit_event {
    LINEEDIT_NOTHING,           /* the key meant nothing, or could not be done */
    LINEEDIT_CHANGED,           /* redraw */
    LINEEDIT_ENTER,             /* take text, then call lineedit_clear */
    LINEEDIT_COMPLETE,          /* Tab: call lineedit_insert with what completes the line */
    LINEEDIT_CANCEL,            /* Ctrl-C: the line is empty now */
    LINEEDIT_REDRAW,            /* Ctrl-L: clear the screen */
};

struct lineedit {
    char text[LINEEDIT_BYTES];
    unsigned length, cursor;
    char history[LINEEDIT_HISTORY][LINEEDIT_BYTES];     /* a ring; newest at (history_next - 1) */
    unsigned history_count, history_next;
    unsigned browsing;                                  /* 0: not; n: the n-th newest line is shown */
    char draft[LINEEDIT_BYTES];                         /* what stood here before browsing began */
};

void lineedit_init(struct lineedit *edit);

/*
 * One key word (docs/abi.md "Keyboard word"). Cursor keys, Backspace and Del; Ctrl-A and Ctrl-E for Home and End, whose
 * key words cannot be told apart, Ctrl-B F P N as the cursor keys, Ctrl-K U W delete to the end, to the start, the word
 * before. Releases of keys mean nothing.
 */
enum lineedit_event lineedit_key(struct lineedit *edit, uint32_t key_word);

/* Put text at the cursor, as if typed; what does not fit is left out. */
void lineedit_insert(struct lineedit *edit, const char *text);

/* Put the line into the history (unless it is empty or the same as the last) and start a new one. */
void lineedit_clear(struct lineedit *edit);

#endif
