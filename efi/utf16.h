/*
 * utf16.h - UTF-16, in which the firmware has its texts and some editors their files, as UTF-8 (PURE).
 */
#ifndef EFI_UTF16_H
#define EFI_UTF16_H

#include <stdint.h>

/* A text in either byte order; bytes may lie at any address, but not at NULL. */
struct utf16 {
    const uint8_t *bytes;
    uint64_t units;         /* of two bytes */
    int big_endian;
};

enum text_encoding { TEXT_BYTES, TEXT_UTF16_LITTLE, TEXT_UTF16_BIG, TEXT_UTF32 };

/*
 * How a file of size bytes is encoded, by its byte-order mark or, without one, by the zeros beside its first character,
 * which is ASCII in every text of ours. TEXT_BYTES: UTF-8, with or without its mark, or a code page. Unicode standard,
 * "Unicode Encoding Schemes".
 */
enum text_encoding text_encoding_of(const uint8_t *bytes, uint64_t size);

uint16_t utf16_unit(const struct utf16 *text, uint64_t index);

/*
 * Write a text as UTF-8 to to, as far as capacity bytes go and in whole characters; 3 bytes a unit are always enough.
 * U+FEFF, the byte-order mark, is left out wherever it stands. What is no text is '?': control characters but tabs and
 * line ends, marks that turn the direction of a line, halves of pairs, noncharacters. Returns the bytes written.
 */
uint64_t utf16_to_utf8(const struct utf16 *text, char *to, uint64_t capacity);

#endif
