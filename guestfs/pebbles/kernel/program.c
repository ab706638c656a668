/*
 * program.c - see program.h. Field offsets: System V ABI, "ELF Header" and "Program Header".
 */
#include <stddef.h>

#include "pebbles/abi.h"
#include "program.h"

#define HEADER_BYTES 52u
#define SEGMENT_BYTES 32u
#define TYPE_EXECUTABLE 2u
#define TYPE_DYNAMIC 3u
#define MACHINE_386 3u
#define SEGMENT_LOAD 1u
#define SEGMENT_DYNAMIC 2u
#define SEGMENT_INTERPRETER 3u
#define SEGMENT_NOTE 4u
#define FLAG_WRITE 2u
#define IMAGE_END (PEBBLES_USER_END - PEBBLES_STACK_MAX_BYTES)

static const char not_static[] = "it is position-independent or dynamic: link it with -static -no-pie";

struct image {
    const uint8_t *data;
    uint32_t bytes;
    uint32_t table, count;      /* program headers: offset and number, all inside */
};

/* Byte by byte: the file need not be aligned in the kernel image. */
static uint32_t half(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t word(const uint8_t *at)
{
    return half(at) | half(at + 2) << 16;
}

static const char *header_parse(struct image *image)
{
    static const uint8_t ident[7] = { 0x7F, 'E', 'L', 'F', 1, 1, 1 };   /* 32 bits, little endian, version 1 */
    const uint8_t *data = image->data;

    if (image->bytes < HEADER_BYTES)
        return "it is no ELF file";
    for (uint32_t i = 0; i < sizeof(ident); i++) {
        if (data[i] != ident[i])
            return "it is no 32-bit ELF file";
    }
    if (half(data + 18) != MACHINE_386)
        return "it is not for i386";
    if (half(data + 16) == TYPE_DYNAMIC)
        return not_static;
    if (half(data + 16) != TYPE_EXECUTABLE)
        return "it is not linked";
    image->table = word(data + 28);
    image->count = half(data + 44);
    if (image->count > PROGRAM_HEADERS_MAX)
        return "it has too many program headers";
    if (half(data + 42) != SEGMENT_BYTES || image->table > image->bytes ||
        image->count * SEGMENT_BYTES > image->bytes - image->table)
        return "its program headers are damaged";
    return NULL;
}

/* A difference that wraps around is too large, too. */
static bool is_inside(uint32_t offset, uint32_t start, uint32_t bytes)
{
    return offset - start < bytes;
}

/* Nobody looks for this byte of the file in memory: it belongs to headers or notes, or is padding. */
static bool is_spare(const struct image *image, uint32_t offset)
{
    if (image->data[offset] == 0 || offset < HEADER_BYTES ||
        is_inside(offset, image->table, image->count * SEGMENT_BYTES))
        return true;
    for (uint32_t i = 0; i < image->count; i++) {
        const uint8_t *header = image->data + image->table + i * SEGMENT_BYTES;
        if (word(header) == SEGMENT_NOTE && is_inside(offset, word(header + 4), word(header + 16)))
            return true;
    }
    return false;
}

/* Cut off what lies below user memory, which may be all of it. False: the program would miss it. */
static bool segment_clip(const struct image *image, struct program_segment *segment)
{
    if (segment->address >= PEBBLES_USER_START)
        return true;
    uint32_t below = PEBBLES_USER_START - segment->address;
    if (below > segment->memory_bytes)
        below = segment->memory_bytes;
    if (below > segment->file_bytes)
        return false;
    for (uint32_t i = 0; i < below; i++) {
        if (!is_spare(image, segment->offset + i))
            return false;
    }
    segment->address += below;
    segment->memory_bytes -= below;
    segment->offset += below;
    segment->file_bytes -= below;
    return true;
}

/* Of a segment without data the offset means nothing: linkers let it point behind the end of the file. */
static bool has_its_data(const struct program_segment *segment, uint32_t bytes)
{
    return segment->file_bytes <= segment->memory_bytes &&
           (segment->file_bytes == 0 ||
            (segment->offset <= bytes && segment->file_bytes <= bytes - segment->offset));
}

static const char *segment_parse(const struct image *image, const uint8_t *header, struct program *program)
{
    struct program_segment segment = {
        .offset = word(header + 4), .address = word(header + 8), .file_bytes = word(header + 16),
        .memory_bytes = word(header + 20), .writable = (word(header + 24) & FLAG_WRITE) != 0,
    };

    if (word(header) == SEGMENT_INTERPRETER || word(header) == SEGMENT_DYNAMIC)
        return not_static;
    if (word(header) != SEGMENT_LOAD || segment.memory_bytes == 0)
        return NULL;
    if (!has_its_data(&segment, image->bytes))
        return "a segment is damaged or cut short";
    if (segment.address >= IMAGE_END || segment.memory_bytes > IMAGE_END - segment.address)
        return "it reaches into the stack or beyond";
    if (!segment_clip(image, &segment))
        return "it has code or data below 16 MiB";
    if (segment.memory_bytes == 0)
        return NULL;
    if (program->segment_count == PROGRAM_SEGMENTS_MAX)
        return "it has too many segments";
    program->segments[program->segment_count++] = segment;
    return NULL;
}

const char *program_parse(const uint8_t *data, uint32_t bytes, struct program *program)
{
    struct image image = { .data = data, .bytes = bytes };
    const char *refusal = header_parse(&image);

    *program = (struct program){ 0 };
    for (uint32_t i = 0; refusal == NULL && i < image.count; i++)
        refusal = segment_parse(&image, data + image.table + i * SEGMENT_BYTES, program);
    if (refusal != NULL)
        return refusal;
    program->entry = word(data + 24);
    if (program->segment_count == 0)
        return "it has nothing to load";
    if (program->entry < PEBBLES_USER_START || program->entry >= IMAGE_END)
        return "its entry is outside user memory";
    return NULL;
}
