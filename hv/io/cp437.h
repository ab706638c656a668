/*
 * cp437.h - the PC's character set as Unicode (PURE).
 */
#ifndef IO_CP437_H
#define IO_CP437_H

#include <stddef.h>
#include <stdint.h>

/* The character's UTF-8 text, 1 to 3 bytes, never a control byte: NUL and 0xFF are blanks, 0x01-0x1F their glyphs. */
const char *cp437_utf8(uint8_t character);

/*
 * A UTF-8 text as characters of a console, of which there are at most as many as bytes. Returns how many, or -1: it
 * has something that no console shows, such as a control byte. characters may be where text is.
 */
int cp437_from_utf8(uint8_t *characters, const char *text, size_t length);

#endif
