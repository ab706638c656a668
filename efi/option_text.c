/*
 * option_text.c - tell text from binary data, and recode it (PURE).
 */
#include "option_text.h"

#define FIRST_IDEOGRAPH 0x2E80

static int is_text(uint16_t unit)
{
    if (unit < 0x80)
        return (unit >= ' ' && unit <= '~') || unit == '\t' || unit == '\r' || unit == '\n';
    /* From U+2028 on: separators and marks that turn the direction of a line. */
    return unit >= 0xA0 && unit < FIRST_IDEOGRAPH && !(unit >= 0x2028 && unit <= 0x202E);
}

/* Unicode "UTF-8": one, two or three bytes; nothing here needs four. */
static uint64_t encode(uint16_t unit, uint8_t bytes[3])
{
    if (unit < 0x80) {
        bytes[0] = (uint8_t)unit;
        return 1;
    }
    if (unit < 0x800) {
        bytes[0] = (uint8_t)(0xC0 | unit >> 6);
        bytes[1] = (uint8_t)(0x80 | (unit & 0x3F));
        return 2;
    }
    bytes[0] = (uint8_t)(0xE0 | unit >> 12);
    bytes[1] = (uint8_t)(0x80 | (unit >> 6 & 0x3F));
    bytes[2] = (uint8_t)(0x80 | (unit & 0x3F));
    return 3;
}

uint64_t option_text_decode(const uint16_t *units, uint64_t count, char *text, uint64_t capacity)
{
    uint64_t used = 0;

    for (uint64_t i = 0; i < count && units[i]; i++) {
        uint8_t bytes[3];
        if (!is_text(units[i]))
            return 0;
        uint64_t length = encode(units[i], bytes);
        if (used + length > capacity)
            return used;
        for (uint64_t j = 0; j < length; j++)
            text[used++] = (char)bytes[j];
    }
    return used;
}
