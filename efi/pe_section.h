/*
 * pe_section.h - find a section of a loaded PE32+ image by its name (PURE).
 */
#ifndef EFI_PE_SECTION_H
#define EFI_PE_SECTION_H

#include <stdint.h>

/* Bytes in an image as it was loaded; size 0: no such section. */
struct pe_section {
    uint64_t offset;
    uint64_t size;
};

/*
 * name: at most 8 characters. Headers that do not make sense, and sections that lie outside the image, are not found.
 * Source: Microsoft PE format, "COFF File Header" and "Section Table".
 */
struct pe_section pe_section_find(const uint8_t *image, uint64_t image_bytes, const char *name);

#endif
