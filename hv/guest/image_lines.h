/*
 * image_lines.h - source lines of addresses, from .debug_line of a guest's ELF file (PURE).
 */
#ifndef GUEST_IMAGE_LINES_H
#define GUEST_IMAGE_LINES_H

#include "guest/image_sections.h"

#define IMAGE_LINE_STEPS 40000u         /* of one call, some twenty instructions each at most */
#define IMAGE_LINE_BYTES 0x80000u       /* of .debug_line that are looked at */

/*
 * Find file and line of each place: DWARF 2 to 5 in its 32-bit form, as clang and gcc write it. Places that no row
 * covers, or one without a line, keep file = NULL, and so do those that were not found within IMAGE_LINE_STEPS: the
 * bytes of opcodes, rows times places, the texts of tables.
 */
void image_lines_find(const struct image_bytes *image, struct image_place *const *places, unsigned count);

#endif
