/*
 * image_symbols.h - the names that a guest's ELF file has for addresses (PURE).
 */
#ifndef GUEST_IMAGE_SYMBOLS_H
#define GUEST_IMAGE_SYMBOLS_H

#include "guest/image_sections.h"

#define IMAGE_SYMBOL_STEPS 16000u       /* of image_symbols_name: symbols times places, some twenty instructions each */
#define IMAGE_SYMBOL_VISITS 20000u      /* symbols that image_symbols_find looks at */

/*
 * Find the name and offset of each place, from .symtab and .strtab. A function or object that has a size holds the
 * addresses within it, the innermost counts. A label has no size: it holds what follows it in its section, up to the
 * next symbol of any kind. Bound: IMAGE_SYMBOL_STEPS; the first places come first.
 */
void image_symbols_name(const struct image_bytes *image, struct image_place *const *places, unsigned count);

/* Find a symbol's address and size by its name. False: there is none among the first IMAGE_SYMBOL_VISITS. */
bool image_symbols_find(const struct image_bytes *image, const char *name, uint32_t *address, uint32_t *bytes);

#endif
