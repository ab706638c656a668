/*
 * serialkeys.h - what a terminal sends as the keys that were pressed: make and break of docs/abi.md "Keyboard word"
 * (PURE).
 */
#ifndef IO_SERIALKEYS_H
#define IO_SERIALKEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/keymap.h"

#define SERIALKEYS_MAX 16       /* key words that one byte can complete */

struct serialkeys {
    uint8_t sequence[16];       /* an escape sequence under way */
    uint8_t length;
    bool ends_string;           /* the ESC of a sequence came within a string: a backslash makes it the string's end */
    uint64_t last_ns;           /* when its last byte came */
    enum keymap_page page;      /* which page key an undefined key among the last words is */
};

void serialkeys_init(struct serialkeys *keys);

/*
 * Take one byte; returns how many key words it completed. Unknown sequences give none, nor does what a terminal says by
 * itself: strings (OSC, DCS, APC; to ST or BEL), X10 mouse reports, cursor positions (xterm "Control Sequences").
 */
unsigned serialkeys_byte(struct serialkeys *keys, uint8_t byte, uint64_t now_ns, uint32_t words[SERIALKEYS_MAX]);

/*
 * A lone ESC that nothing followed for 50 ms is the Esc key; so it is before a lone [ O ] P or _. now_ns = UINT64_MAX:
 * do not wait.
 */
unsigned serialkeys_flush(struct serialkeys *keys, uint64_t now_ns, uint32_t words[SERIALKEYS_MAX]);

/* When serialkeys_flush will have something to say, if no byte comes; UINT64_MAX: never. */
uint64_t serialkeys_due_ns(const struct serialkeys *keys);

#endif
