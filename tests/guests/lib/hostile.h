/*
 * hostile.h - texts that try to be a line of the stream: for the guest forge and for tests/unit/test_tapfmt.c.
 */
#ifndef TESTS_GUESTS_LIB_HOSTILE_H
#define TESTS_GUESTS_LIB_HOSTILE_H

#include <stddef.h>

static const struct {
    const char *text;
    size_t length;
} hostile[] = {
    { "\n# ok 1\n", 8 }, { "\nok 1 - forged\n", 15 }, { "  ...\nok 3\n", 11 }, { "\rBail out!\r\n", 12 },
    { "...", 3 }, { "\x1B[1A\x1B[2Kok 1", 12 }, { "# leaked frames: 0\n", 19 }, { "1..9\n", 5 },
    { "\x85\x0B\x0C\x1C\x1E", 5 },
    { "\0", 1 }, { "\xFF ok", 4 }, { "---\n", 4 }, { "\x80\xE2\x80\xA8", 4 },
};

#endif
