/*
 * cp437.h - the PC's character set as Unicode (PURE).
 */
#ifndef IO_CP437_H
#define IO_CP437_H

#include <stdint.h>

/* The character's UTF-8 text, 1 to 3 bytes, never a control byte: NUL and 0xFF are blanks, 0x01-0x1F their glyphs. */
const char *cp437_utf8(uint8_t character);

#endif
