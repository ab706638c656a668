/*
 * text.c - small helpers for text that people typed (PURE).
 */
#include "base/text.h"

#include "base/string.h"

static char to_lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character + ('a' - 'A')) : character;
}

bool text_equal_nocase(const char *left, const char *right)
{
    for (;; left++, right++) {
        if (to_lower(*left) != to_lower(*right))
            return false;
        if (*left == '\0')
            return true;
    }
}

/* A * that turns out to stand for too little takes one more: only the last one need be tried again. */
bool text_matches(const char *text, const char *pattern)
{
    const char *star = NULL, *behind_star = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            behind_star = text;
        } else if (*pattern != '\0' && (*pattern == '?' || to_lower(*pattern) == to_lower(*text))) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++behind_star;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool text_copy(char *destination, size_t size_bytes, const char *source)
{
    size_t length = strlen(source);

    if (size_bytes == 0)
        return false;
    size_t copied = length < size_bytes ? length : size_bytes - 1;
    memcpy(destination, source, copied);
    destination[copied] = '\0';
    return copied == length;
}

/* The value of a digit in this base, or base when it is none. */
static unsigned digit_value(char character, unsigned base)
{
    unsigned value = base;

    character = to_lower(character);
    if (character >= '0' && character <= '9')
        value = (unsigned)(character - '0');
    else if (character >= 'a' && character <= 'f')
        value = (unsigned)(character - 'a') + 10;
    return value < base ? value : base;
}

const char *text_parse_u64(const char *text, uint64_t *value)
{
    unsigned base = 10;
    uint64_t sum = 0;

    if (text[0] == '0' && to_lower(text[1]) == 'x') {
        base = 16;
        text += 2;
    }
    if (digit_value(*text, base) == base)
        return NULL;
    for (unsigned digit; (digit = digit_value(*text, base)) < base; text++) {
        if (__builtin_mul_overflow(sum, base, &sum) || __builtin_add_overflow(sum, digit, &sum))
            return NULL;
    }
    *value = sum;
    return text;
}

size_t text_wrap(const char *text, size_t columns, const char **next)
{
    size_t length = 0, blank = 0;

    while (text[length] != '\0' && text[length] != '\n' && length <= columns) {
        if (text[length] == ' ')
            blank = length;
        length++;
    }
    if (length > columns && blank == 0) {
        *next = text + columns;
        return columns;
    }
    if (length > columns)
        length = blank;
    *next = text[length] != '\0' ? text + length + 1 : NULL;
    return length;
}
