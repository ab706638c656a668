/*
 * image_sections.h - a guest's ELF file while a report is written: its sections, and which addresses are code (PURE).
 *
 * The file is hostile: whatever it says is checked against its size, and what is wrong is not there.
 */
#ifndef GUEST_IMAGE_SECTIONS_H
#define GUEST_IMAGE_SECTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The file, which stays in memory as long as its guest. bytes NULL: none. */
struct image_bytes {
    const uint8_t *bytes;
    uint64_t size;
};

/* System V ABI, "Sections", in its 32-bit form: as in the file. */
struct image_section {
    uint32_t name, type, flags, address, offset, size, link, info, alignment, entry_bytes;
};

#define IMAGE_SECTIONS_MAX 256u     /* more are not looked at: the work is bounded */
#define IMAGE_SECTION_SYMBOLS 2u    /* SHT_SYMTAB */
#define IMAGE_SECTION_STRINGS 3u    /* SHT_STRTAB */
#define IMAGE_SECTION_NOBITS 8u     /* SHT_NOBITS */

/*
 * An address in a guest, for a report, and what its image knows of it. Texts are any bytes, not terminated: they point
 * into the image.
 */
struct image_place {
    uint32_t address;
    bool is_return;             /* a return address: the call before it is meant */
    uint8_t name_bytes, file_bytes;
    const char *name;           /* the function, label or object that it lies in; NULL: none is known */
    uint32_t offset;            /* from there */
    const char *file;           /* the source file, without its folder; NULL: no line is known */
    uint32_t line;
};

/* What is looked up for a place. */
static inline uint32_t image_place_key(const struct image_place *place)
{
    return place->address - (place->is_return ? 1 : 0);
}

/* Read a section's header; of one that has bytes in the file, they lie inside it. False: there is no such section. */
bool image_section_read(const struct image_bytes *image, uint32_t index, struct image_section *section);

/* Find the bytes of a section by its name; false: none, or it is compressed. */
bool image_section_find(const struct image_bytes *image, const char *name, struct image_bytes *found);

/* Does an executable segment hold this address? */
bool image_has_code(const struct image_bytes *image, uint32_t address);

#endif
