/*
 * program.h - is this file a program, and what of it goes where (no hardware in it: tested on the host).
 */
#ifndef PEBBLES_PROGRAM_H
#define PEBBLES_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRAM_SEGMENTS_MAX 8

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

/* False: not an i386 ELF executable that fits into user memory. Any bytes are safe to ask about. */
bool program_parse(const uint8_t *image, uint32_t bytes, struct program *program);

#endif
