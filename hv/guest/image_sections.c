/*
 * image_sections.c - see image_sections.h. Source: System V ABI, "ELF Header", "Sections", "Program Header".
 */
#include "guest/image_sections.h"

#include <stddef.h>

#include "base/string.h"
#include "guest/elf32_file.h"

#define FLAG_COMPRESSED 0x800u      /* SHF_COMPRESSED */
#define SEGMENTS_MAX 32u            /* as elf32.h */
#define SEGMENT_LOAD 1u
#define SEGMENT_EXECUTE 1u

_Static_assert(sizeof(struct image_section) == 40, "as in the file");

static bool read_file_at(const struct image_bytes *image, uint64_t offset, void *to, size_t bytes)
{
    if (offset > image->size || bytes > image->size - offset)
        return false;
    memcpy(to, image->bytes + offset, bytes);
    return true;
}

static bool read_header(const struct image_bytes *image, struct elf32_header *header)
{
    return image->bytes != NULL && read_file_at(image, 0, header, sizeof(*header)) &&
           memcmp(header->ident, "\177ELF\1\1", 6) == 0;
}

bool image_section_read(const struct image_bytes *image, uint32_t index, struct image_section *section)
{
    struct elf32_header header;

    return read_header(image, &header) && header.section_entry_bytes == sizeof(*section) &&
           index < header.section_count && index < IMAGE_SECTIONS_MAX &&
           read_file_at(image, header.section_offset + (uint64_t)index * sizeof(*section), section, sizeof(*section)) &&
           (section->type == IMAGE_SECTION_NOBITS ||
            (section->offset <= image->size && section->size <= image->size - section->offset));
}

/* Bound: IMAGE_SECTIONS_MAX, some hundred instructions each. */
bool image_section_find(const struct image_bytes *image, const char *name, struct image_bytes *found)
{
    struct elf32_header header;
    struct image_section names, section;
    size_t bytes = strlen(name) + 1;

    if (!read_header(image, &header) || !image_section_read(image, header.section_names, &names) ||
        names.type != IMAGE_SECTION_STRINGS)
        return false;
    for (uint32_t i = 1; i < header.section_count && i < IMAGE_SECTIONS_MAX; i++) {
        if (!image_section_read(image, i, &section) || section.type == IMAGE_SECTION_NOBITS ||
            section.flags & FLAG_COMPRESSED || section.name >= names.size || bytes > names.size - section.name ||
            memcmp(image->bytes + names.offset + section.name, name, bytes) != 0)
            continue;
        *found = (struct image_bytes){ image->bytes + section.offset, section.size };
        return true;
    }
    return false;
}

/* Bound: SEGMENTS_MAX. */
bool image_has_code(const struct image_bytes *image, uint32_t address)
{
    struct elf32_header header;
    struct elf32_program_header program;

    if (!read_header(image, &header) || header.program_entry_bytes != sizeof(program))
        return false;
    for (uint32_t i = 0; i < header.program_count && i < SEGMENTS_MAX; i++) {
        if (!read_file_at(image, header.program_offset + (uint64_t)i * sizeof(program), &program, sizeof(program)))
            return false;
        if (program.type == SEGMENT_LOAD && program.flags & SEGMENT_EXECUTE &&
            address - program.virtual_address < program.memory_bytes)
            return true;
    }
    return false;
}
