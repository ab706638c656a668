/*
 * text.c - texts and numbers for the programs.
 */
#include "user.h"

void write_bytes(const char *text, uint32_t bytes)
{
    call(CALL_WRITE, (uint32_t)text, bytes, 0, 0);
}

void write_text(const char *text)
{
    uint32_t bytes = 0;

    while (text[bytes] != '\0')
        bytes++;
    write_bytes(text, bytes);
}

void write_number(uint32_t number)
{
    char digits[10];
    unsigned at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    write_bytes(digits + at, sizeof(digits) - at);
}

uint32_t take_number(const char **text)
{
    uint32_t number = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++)
        number = number * 10 + (uint32_t)(**text - '0');
    *text += **text == ' ';
    return number;
}

bool is_same(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right)
        left++, right++;
    return *left == *right;
}
