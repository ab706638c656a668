/*
 * utf16.c - recognise UTF-16 in either byte order, and recode it (PURE).
 */
#include "utf16.h"

#define BYTE_ORDER_MARK 0xFEFF
#define FIRST_HIGH_HALF 0xD800
#define FIRST_LOW_HALF 0xDC00
#define LAST_LOW_HALF 0xDFFF
#define FIRST_OF_PAIRS 0x10000u
#define NONCHARACTERS 0xFFFE            /* the last two of every 65536 */

enum text_encoding text_encoding_of(const uint8_t *bytes, uint64_t size)
{
    uint32_t first = 0;

    for (uint64_t i = 0; i < 4; i++)
        first = first << 8 | (i < size ? bytes[i] : 0xFF);
    if (first == 0x0000FEFF || first == 0xFFFE0000 || (first && (!(first & 0xFFFFFF) || !(first >> 8))))
        return TEXT_UTF32;
    uint32_t unit = first >> 16;
    if (unit == 0xFFFE || !(unit & 0xFF))
        return TEXT_UTF16_LITTLE;
    return unit == BYTE_ORDER_MARK || !(unit >> 8) ? TEXT_UTF16_BIG : TEXT_BYTES;
}

uint16_t utf16_unit(const struct utf16 *text, uint64_t index)
{
    const uint8_t *bytes = text->bytes + 2 * index;
    return (uint16_t)(text->big_endian ? bytes[0] << 8 | bytes[1] : bytes[1] << 8 | bytes[0]);
}

/* The character at *index, which moves behind it; half of a pair stands for itself. */
static uint32_t next_character(const struct utf16 *text, uint64_t *index)
{
    uint32_t unit = utf16_unit(text, (*index)++);
    if (unit < FIRST_HIGH_HALF || unit >= FIRST_LOW_HALF || *index == text->units)
        return unit;
    uint32_t low = utf16_unit(text, *index);
    if (low < FIRST_LOW_HALF || low > LAST_LOW_HALF)
        return unit;
    (*index)++;
    return FIRST_OF_PAIRS + ((unit - FIRST_HIGH_HALF) << 10 | (low - FIRST_LOW_HALF));
}

static int is_text(uint32_t character)
{
    if (character < 0x80)
        return (character >= ' ' && character <= '~') || character == '\t' || character == '\r' || character == '\n';
    if (character < 0xA0 || (character >= FIRST_HIGH_HALF && character <= LAST_LOW_HALF))
        return 0;
    /* From U+2028 on: separators and marks that turn the direction of a line. */
    return !(character >= 0x2028 && character <= 0x202E) && (character & 0xFFFF) < NONCHARACTERS;
}

/* Unicode "UTF-8": one to four bytes. */
static uint64_t encode(uint32_t character, uint8_t bytes[4])
{
    static const uint8_t first_byte[5] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    uint64_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < FIRST_OF_PAIRS ? 3 : 4;

    for (uint64_t i = length - 1; i > 0; i--) {
        bytes[i] = (uint8_t)(0x80 | (character & 0x3F));
        character >>= 6;
    }
    bytes[0] = (uint8_t)(first_byte[length] | character);
    return length;
}

uint64_t utf16_to_utf8(const struct utf16 *text, char *to, uint64_t capacity)
{
    uint64_t used = 0;

    for (uint64_t i = 0; i < text->units;) {
        uint8_t bytes[4];
        uint32_t character = next_character(text, &i);
        if (character == BYTE_ORDER_MARK)
            continue;
        uint64_t length = encode(is_text(character) ? character : '?', bytes);
        if (used + length > capacity)
            return used;
        for (uint64_t j = 0; j < length; j++)
            to[used++] = (char)bytes[j];
    }
    return used;
}
