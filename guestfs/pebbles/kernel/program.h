/*
 * program.h - is this file a program, and what of it goes where (no hardware in it: tested on the host).
 */
#ifndef PEBBLES_PROGRAM_H
#define PEBBLES_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRAM_HEADERS_MAX 64      /* of all types */
#define PROGRAM_SEGMENTS_MAX 16     /* that have something in user memory */

struct program_segment {
    uint32_t address, memory_bytes;     /* in user memory below the first stack; not empty */
    uint32_t offset, file_bytes;        /* in the file; file_bytes <= memory_bytes, the rest is zero */
    bool writable;
};

struct program {
    uint32_t entry;
    uint32_t segment_count;
    struct program_segment segments[PROGRAM_SEGMENTS_MAX];
};

/*
 * NULL: an i386 ELF executable that fits into user memory. Else why it is none, as the end of a sentence. Any bytes are
 * safe to ask about.
 *
 * Linkers put the file's headers, notes and padding in front of the text, in a segment of their own or the text's. What
 * of that lies below user memory is cut off; anything else there makes the file no program.
 */
const char *program_parse(const uint8_t *data, uint32_t bytes, struct program *program);

#endif
