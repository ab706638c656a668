/*
 * pe_section.c - walk the section table of a loaded PE32+ image (PURE).
 */
#include "pe_section.h"

#define DOS_HEADER_BYTES 64
#define DOS_PE_OFFSET 0x3C
#define COFF_SECTION_COUNT 6        /* from the signature, which has 4 bytes */
#define COFF_OPTIONAL_BYTES 20
#define COFF_END 24
#define SECTION_BYTES 40
#define SECTION_VIRTUAL_SIZE 8
#define SECTION_VIRTUAL_ADDRESS 12

static uint32_t read_16(const uint8_t *at)
{
    return (uint32_t)(at[0] | at[1] << 8);
}

static uint32_t read_32(const uint8_t *at)
{
    return read_16(at) | read_16(at + 2) << 16;
}

/* A section's name is padded with zeros, and has no end when it fills its 8 bytes. */
static int same_name(const uint8_t *section, const char *name)
{
    for (unsigned i = 0; i < 8; i++) {
        if (section[i] != (uint8_t)*name)
            return 0;
        if (*name)
            name++;
    }
    return *name == 0;
}

struct pe_section pe_section_find(const uint8_t *image, uint64_t image_bytes, const char *name)
{
    const struct pe_section none = { 0, 0 };

    if (image_bytes < DOS_HEADER_BYTES)
        return none;
    uint64_t header = read_32(image + DOS_PE_OFFSET);
    if (header + COFF_END > image_bytes || read_32(image + header) != 0x4550)   /* "PE" */
        return none;
    uint64_t section = header + COFF_END + read_16(image + header + COFF_OPTIONAL_BYTES);
    for (uint32_t left = read_16(image + header + COFF_SECTION_COUNT); left; left--, section += SECTION_BYTES) {
        if (section + SECTION_BYTES > image_bytes)
            return none;
        if (!same_name(image + section, name))
            continue;
        struct pe_section found = { read_32(image + section + SECTION_VIRTUAL_ADDRESS),
                                    read_32(image + section + SECTION_VIRTUAL_SIZE) };
        return found.offset + found.size > image_bytes ? none : found;
    }
    return none;
}
