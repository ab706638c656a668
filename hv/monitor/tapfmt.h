/*
 * tapfmt.h - the lines of the TAP stream (PURE): docs/operator.md "The stream", to the letter.
 *
 * Whatever a guest does, its text can only ever appear behind "# NAME| " or "    |", as printable UTF-8: nothing here
 * copies a byte below 0x20 from anywhere, so a line ends where this file ends it.
 */
#ifndef MONITOR_TAPFMT_H
#define MONITOR_TAPFMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/vcon.h"

/* A row of cells with three UTF-8 bytes each, the longest prefix, and room to spare. */
#define TAPFMT_LINE_BYTES 512
/* The same for the longest text of a debug print. */
#define TAPFMT_DEBUG_BYTES 1024
/* A verdict with all its diagnostics. */
#define TAPFMT_VERDICT_BYTES 16384
#define TAPFMT_DIFFERENCES_MAX 24

/* Text being collected. What does not fit is left out; size is never exceeded and text never NUL-terminated. */
struct tapfmt_buffer {
    char *bytes;
    size_t size, used;
};

static inline size_t tapfmt_room(const struct tapfmt_buffer *buffer)
{
    return buffer->size - buffer->used;
}

/* What the rows of one guest begin with: "# NAME| ", ready to be copied by words. */
struct tapfmt_prefix {
    char text[72];
    size_t length;
};

/* name: 1-63 characters that names may have, or '?'. */
void tapfmt_set_prefix(struct tapfmt_prefix *prefix, const char *name);
/* Of rows that are told again behind its log: "# NAME: | ". */
void tapfmt_set_last_prefix(struct tapfmt_prefix *prefix, const char *name);

enum tapfmt_end { TAPFMT_EXIT, TAPFMT_CRASH, TAPFMT_TIMEOUT, TAPFMT_KILLED, TAPFMT_REFUSED };

/* What was expected or seen, with the words before it. */
struct tapfmt_line {
    char label[32];
    const uint8_t *characters;
    size_t count;
};

/* How one test came out. Texts are NUL-terminated. */
struct tapfmt_result {
    bool ok;
    unsigned number;
    const char *name;               /* 1-63 characters that names may have, or '?' */
    enum tapfmt_end end;
    int32_t status;                 /* for TAPFMT_EXIT and TAPFMT_CRASH */
    uint64_t milliseconds;          /* from launch to end */
    char expected[32];              /* "exit 0", "crash", "timeout", "refused" */
    const char *reason;             /* of a crash or refusal, else "" */
    const char *registers;          /* of a crash or time-out, else "" */
    const char *report;             /* the same: its last line is the advice; NULL or "": none */
    const char *rest;               /* lines that the report had no room for; NULL or "": none */
    const struct tapfmt_line *differences;  /* of its rows and console, at most TAPFMT_DIFFERENCES_MAX */
    unsigned difference_count;
    const struct vcon *console;     /* NULL: none */
};

void tapfmt_text(struct tapfmt_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "# PREFIX TEXT\n": a comment; every byte of text that is not printable ASCII becomes '?'. */
void tapfmt_comment(struct tapfmt_buffer *buffer, const char *prefix, const char *text, size_t length);
/* "# NAME| ROW\n": what a guest printed. A row of blanks adds nothing. */
void tapfmt_row(struct tapfmt_buffer *buffer, const struct tapfmt_prefix *prefix, const uint8_t *characters,
                size_t count);
/* "# NAME? TEXT\n": what it said by its debug print, in the same way. At most TAPFMT_DEBUG_BYTES. */
void tapfmt_debug(struct tapfmt_buffer *buffer, const char *name, const uint8_t *characters, size_t count);
/* The line "ok ..." or "not ok ..." and, under the latter, the YAML block. */
void tapfmt_verdict(struct tapfmt_buffer *buffer, const struct tapfmt_result *result);
/*
 * The final console for --dump-console: "== N NAME cursor ROW,COL ==", and the lines of its rows. Each line at most
 * TAPFMT_LINE_BYTES. NULL: there was none, and its rows are empty.
 */
void tapfmt_dump_heading(struct tapfmt_buffer *buffer, unsigned number, const char *name, const struct vcon *console);
void tapfmt_dump_row(struct tapfmt_buffer *buffer, const struct vcon *console, unsigned row);

#endif
