/*
 * option_text.h - UEFI load options as UTF-8 text (PURE).
 */
#ifndef EFI_OPTION_TEXT_H
#define EFI_OPTION_TEXT_H

#include <stdint.h>

/*
 * Write units[0..count) of UTF-16, or what stands before a 0, to text, as far as capacity bytes go; 3 * count is always
 * enough. Returns the bytes of the text. Boot managers also leave binary data in load options, such as a GUID: anything
 * but printable characters, tabs and line ends gives 0. Beyond ASCII only letters and signs below U+2E80 count as
 * printable: two random bytes make a Chinese character far too easily.
 */
uint64_t option_text_decode(const uint16_t *units, uint64_t count, char *text, uint64_t capacity);

#endif
