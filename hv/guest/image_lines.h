/*
 * image_lines.h - source lines of addresses, from .debug_line of a guest's ELF file (PURE).
 */
#ifndef GUEST_IMAGE_LINES_H
#define GUEST_IMAGE_LINES_H

#include "guest/image_sections.h"

#define IMAGE_LINE_STEPS 600000u        /* opcodes, rows times places, and entries that are looked at in one call */
#define IMAGE_LINE_BYTES 0x80000u       /* of .debug_line that are looked at */

/*
 * Find file and line of each place: DWARF 2 to 5 in its 32-bit form, as clang and gcc write it. Places that no row
 * covers, or one without a line, keep file = NULL.
 */
void image_lines_find(const struct image_bytes *image, struct image_place *const *places, unsigned count);

#endif
