/*
 * elf32.c - check an ELF32 i386 executable and say what to load where (PURE).
 *
 * The image is hostile until proven good: any number in it may be anything. Sums are made in 64 bits, so that none
 * wraps; a field is read only after the file is known to reach that far; headers are copied, as nothing says that they
 * are aligned. Reasons are for whoever linked the image: they name the field, what it has and what it should have.
 */
#include "guest/elf32.h"

#include "base/format.h"
#include "base/string.h"
#include "guest/elf32_file.h"

#define IDENT_CLASS 4
#define IDENT_DATA 5
#define CLASS_32 1
#define CLASS_64 2
#define DATA_LITTLE_ENDIAN 1
#define DATA_BIG_ENDIAN 2
#define TYPE_EXEC 2
#define MACHINE_386 3
#define SEGMENT_LOAD 1
#define PROGRAM_HEADERS_MAX 1024u       /* looked at in one go, while nobody else runs */

/* What every check needs. */
struct parse {
    const uint8_t *image;
    uint64_t image_bytes;
    uint32_t ram_bytes;
    struct elf32_image *parsed;
    char *reason;
    size_t reason_bytes;
};

/* Say why, and return false. */
#define REFUSE(parse, ...) (format_string((parse)->reason, (parse)->reason_bytes, __VA_ARGS__), false)

static bool check_ident(const struct parse *parse)
{
    const uint8_t *ident = parse->image;

    if (parse->image_bytes < 16 || memcmp(ident, "\177ELF", 4) != 0)
        return REFUSE(parse, "not an ELF file (%lu bytes, no ELF magic at its start)", parse->image_bytes);
    if (ident[IDENT_CLASS] == CLASS_64)
        return REFUSE(parse, "64-bit ELF; guests are 32-bit i386");
    if (ident[IDENT_CLASS] != CLASS_32)
        return REFUSE(parse, "ELF class %u; guests are 32-bit (class 1)", ident[IDENT_CLASS]);
    if (ident[IDENT_DATA] == DATA_BIG_ENDIAN)
        return REFUSE(parse, "big-endian ELF; guests are little-endian i386");
    if (ident[IDENT_DATA] != DATA_LITTLE_ENDIAN)
        return REFUSE(parse, "ELF data encoding %u; guests are little-endian (encoding 1)", ident[IDENT_DATA]);
    return true;
}

static bool check_header(const struct parse *parse, struct elf32_header *header)
{
    if (parse->image_bytes < sizeof(*header))
        return REFUSE(parse, "truncated: the file ends at 0x%lx, inside the ELF header", parse->image_bytes);
    memcpy(header, parse->image, sizeof(*header));
    if (header->machine != MACHINE_386)
        return REFUSE(parse, "ELF machine %u; guests are i386 (machine 3)", header->machine);
    if (header->type != TYPE_EXEC)
        return REFUSE(parse, "ELF type %u; guests are executables linked at a fixed address (type 2, ET_EXEC)",
                      header->type);
    if (header->program_count == 0)
        return REFUSE(parse, "no program headers, so nothing to load");
    if (header->program_count > PROGRAM_HEADERS_MAX)
        return REFUSE(parse, "%u program headers; %u are the most", header->program_count, PROGRAM_HEADERS_MAX);
    if (header->program_entry_bytes != sizeof(struct elf32_program_header))
        return REFUSE(parse, "program headers of %u bytes each, not 32", header->program_entry_bytes);

    uint64_t end = header->program_offset + (uint64_t)header->program_count * sizeof(struct elf32_program_header);
    if (end > parse->image_bytes)
        return REFUSE(parse, "truncated: program headers at 0x%08x..0x%08lx, but the file ends at 0x%lx",
                      header->program_offset, end, parse->image_bytes);
    return true;
}

static bool refuse_outside_ram(const struct parse *parse, unsigned number, uint64_t address, uint64_t end)
{
    bool whole_mib = parse->ram_bytes % (1u << 20) == 0;
    return REFUSE(parse, "segment %u at 0x%08lx..0x%08lx lies outside the guest's %u %s of RAM", number, address, end,
                  parse->ram_bytes >> (whole_mib ? 20 : 10), whole_mib ? "MiB" : "KiB");
}

static bool check_segment(const struct parse *parse, unsigned number, const struct elf32_program_header *header)
{
    uint64_t file_end = (uint64_t)header->offset + header->file_bytes;
    uint64_t end = (uint64_t)header->physical_address + header->memory_bytes;

    if (header->physical_address != header->virtual_address)
        return REFUSE(parse, "segment %u has p_paddr 0x%08x but p_vaddr 0x%08x; they must be equal", number,
                      header->physical_address, header->virtual_address);
    if (header->file_bytes > header->memory_bytes)
        return REFUSE(parse, "segment %u has p_filesz 0x%x greater than its p_memsz 0x%x", number, header->file_bytes,
                      header->memory_bytes);
    if (header->file_bytes != 0 && file_end > parse->image_bytes)
        return REFUSE(parse, "truncated: segment %u is at 0x%08x..0x%08lx of the file, which ends at 0x%lx", number,
                      header->offset, file_end, parse->image_bytes);
    if (end > parse->ram_bytes)
        return refuse_outside_ram(parse, number, header->physical_address, end);
    return true;
}

/*
 * Segments that overlap would be loaded one over the other: whichever came last would win, which no author means.
 * Neither sum can wrap here: check_segment has seen that both ends lie in RAM.
 */
static bool check_overlap(const struct parse *parse, const struct elf32_program_header *header)
{
    uint32_t start = header->physical_address;
    uint32_t end = start + header->memory_bytes;

    for (unsigned i = 0; i < parse->parsed->segment_count; i++) {
        const struct elf32_segment *other = &parse->parsed->segments[i];
        if (start < other->address + other->memory_bytes && other->address < end)
            return REFUSE(parse, "segments overlap: 0x%08x..0x%08x and 0x%08x..0x%08x", other->address,
                          other->address + other->memory_bytes, start, end);
    }
    return true;
}

/* Bound: PROGRAM_HEADERS_MAX, and ELF32_SEGMENTS_MAX of them with each other. */
static bool parse_segments(const struct parse *parse, const struct elf32_header *file)
{
    struct elf32_image *parsed = parse->parsed;

    for (unsigned number = 0; number < file->program_count; number++) {
        struct elf32_program_header header;
        memcpy(&header, parse->image + file->program_offset + number * sizeof(header), sizeof(header));
        if (header.type != SEGMENT_LOAD || (header.memory_bytes == 0 && header.file_bytes == 0))
            continue;
        if (!check_segment(parse, number, &header) || !check_overlap(parse, &header))
            return false;
        if (parsed->segment_count == ELF32_SEGMENTS_MAX)
            return REFUSE(parse, "more than %u segments to load", ELF32_SEGMENTS_MAX);
        parsed->segments[parsed->segment_count++] = (struct elf32_segment){
            .file_offset = header.file_bytes != 0 ? header.offset : 0,
            .file_bytes = header.file_bytes,
            .address = header.physical_address,
            .memory_bytes = header.memory_bytes,
        };
    }
    return parsed->segment_count != 0 || REFUSE(parse, "no PT_LOAD segment, so nothing to load");
}

static bool check_entry(const struct parse *parse)
{
    const struct elf32_image *parsed = parse->parsed;

    for (unsigned i = 0; i < parsed->segment_count; i++) {
        /* Unsigned: an entry below the segment becomes a huge distance. */
        if (parsed->entry - parsed->segments[i].address < parsed->segments[i].memory_bytes)
            return true;
    }
    return REFUSE(parse, "entry 0x%08x lies outside every segment", parsed->entry);
}

bool elf32_parse(const void *image, uint64_t image_bytes, uint32_t memory_bytes, struct elf32_image *parsed,
                 char *reason, size_t reason_bytes)
{
    struct parse parse = { image, image_bytes, memory_bytes, parsed, reason, reason_bytes };
    struct elf32_header header;

    parsed->segment_count = 0;
    if (!check_ident(&parse) || !check_header(&parse, &header))
        return false;
    parsed->entry = header.entry;
    return parse_segments(&parse, &header) && check_entry(&parse);
}
