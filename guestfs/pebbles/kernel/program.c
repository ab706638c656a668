/*
 * program.c - see program.h. Field offsets: System V ABI, "ELF Header" and "Program Header".
 */
#include "pebbles/abi.h"
#include "program.h"

#define HEADER_BYTES 52u
#define SEGMENT_BYTES 32u
#define TYPE_EXECUTABLE 2u
#define MACHINE_386 3u
#define SEGMENT_LOAD 1u
#define FLAG_WRITE 2u
#define IMAGE_END (PEBBLES_USER_END - PEBBLES_STACK_BYTES)

/* Byte by byte: the file need not be aligned in the kernel image. */
static uint32_t half(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t word(const uint8_t *at)
{
    return half(at) | half(at + 2) << 16;
}

static bool header_is_good(const uint8_t *image, uint32_t bytes)
{
    static const uint8_t ident[7] = { 0x7F, 'E', 'L', 'F', 1, 1, 1 };   /* 32 bits, little endian, version 1 */

    if (bytes < HEADER_BYTES)
        return false;
    for (uint32_t i = 0; i < sizeof(ident); i++) {
        if (image[i] != ident[i])
            return false;
    }
    return half(image + 16) == TYPE_EXECUTABLE && half(image + 18) == MACHINE_386 && half(image + 42) == SEGMENT_BYTES;
}

static bool segment_is_good(const struct program_segment *segment, uint32_t bytes)
{
    return segment->file_bytes <= segment->memory_bytes && segment->offset <= bytes &&
           segment->file_bytes <= bytes - segment->offset && segment->address >= PEBBLES_USER_START &&
           segment->address < IMAGE_END && segment->memory_bytes <= IMAGE_END - segment->address;
}

static bool segment_parse(const uint8_t *header, uint32_t bytes, struct program *program)
{
    struct program_segment segment = {
        .offset = word(header + 4), .address = word(header + 8), .file_bytes = word(header + 16),
        .memory_bytes = word(header + 20), .writable = (word(header + 24) & FLAG_WRITE) != 0,
    };

    if (word(header) != SEGMENT_LOAD || segment.memory_bytes == 0)
        return true;
    if (program->segment_count == PROGRAM_SEGMENTS_MAX || !segment_is_good(&segment, bytes))
        return false;
    program->segments[program->segment_count++] = segment;
    return true;
}

bool program_parse(const uint8_t *image, uint32_t bytes, struct program *program)
{
    *program = (struct program){ 0 };
    if (!header_is_good(image, bytes))
        return false;
    uint32_t table = word(image + 28), count = half(image + 44);
    if (table > bytes || count * SEGMENT_BYTES > bytes - table)
        return false;
    program->entry = word(image + 24);
    for (uint32_t i = 0; i < count; i++) {
        if (!segment_parse(image + table + i * SEGMENT_BYTES, bytes, program))
            return false;
    }
    return program->segment_count > 0 && program->entry >= PEBBLES_USER_START && program->entry < IMAGE_END;
}
