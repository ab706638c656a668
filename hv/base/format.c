/*
 * format.c - printf-style formatting into a buffer (PURE).
 *
 * All text of the hypervisor is made here, of guests' names and numbers, too: nothing is ever written beyond the
 * buffer, a text that does not fit is cut and ended, and the length it would have had is returned. What the compiler
 * checks of a format string it checks here as well; a conversion that is not known is printed as it stands.
 */
#include "base/format.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/string.h"

#define DIGITS_MAX 20       /* UINT64_MAX in decimal */

struct output {
    char *buffer;
    size_t size_bytes;
    size_t length;          /* of the whole text; may pass size_bytes */
};

/* One conversion specification: % flags width .precision length conversion. */
struct conversion {
    bool left, zero, alternate;
    size_t width;
    bool has_precision;
    size_t precision;
    unsigned value_bytes;   /* size of an integer argument */
    char kind;
};

static void put_char(struct output *output, char character)
{
    if (output->length < output->size_bytes)
        output->buffer[output->length] = character;
    output->length++;
}

static void put_repeated(struct output *output, char character, size_t count)
{
    while (count-- > 0)
        put_char(output, character);
}

static void put_bytes(struct output *output, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_char(output, bytes[i]);
}

/* text need not end in NUL: length bytes of it, padded to the width. */
static void put_padded(struct output *output, const struct conversion *conversion, const char *text, size_t length)
{
    size_t padding = conversion->width > length ? conversion->width - length : 0;

    if (!conversion->left)
        put_repeated(output, ' ', padding);
    put_bytes(output, text, length);
    if (conversion->left)
        put_repeated(output, ' ', padding);
}

static void put_text(struct output *output, const struct conversion *conversion, const char *text)
{
    if (text == NULL)
        text = "(null)";
    size_t length = conversion->has_precision ? strnlen(text, conversion->precision) : strlen(text);
    put_padded(output, conversion, text, length);
}

/* Digits of value, least significant first. Returns their number, 0 for value 0. */
static size_t make_digits(uint64_t value, unsigned base, bool upper_case, char digits[DIGITS_MAX])
{
    const char *alphabet = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t count = 0;

    while (value != 0) {
        digits[count++] = alphabet[value % base];
        value /= base;
    }
    return count;
}

static void put_number(struct output *output, const struct conversion *conversion, const char *prefix, uint64_t value,
                       unsigned base)
{
    char digits[DIGITS_MAX];
    size_t digit_count = make_digits(value, base, conversion->kind == 'X', digits);
    size_t prefix_length = strlen(prefix);
    size_t least = conversion->has_precision ? conversion->precision : 1;
    size_t zeros = least > digit_count ? least - digit_count : 0;
    size_t length = prefix_length + zeros + digit_count;
    size_t padding = conversion->width > length ? conversion->width - length : 0;

    if (conversion->zero && !conversion->left && !conversion->has_precision) {
        zeros += padding;
        padding = 0;
    }
    if (!conversion->left)
        put_repeated(output, ' ', padding);
    put_bytes(output, prefix, prefix_length);
    put_repeated(output, '0', zeros);
    while (digit_count > 0)
        put_char(output, digits[--digit_count]);
    if (conversion->left)
        put_repeated(output, ' ', padding);
}

static void put_signed(struct output *output, const struct conversion *conversion, int64_t value)
{
    /* The default argument promotions widened it: cut it back to the type that was named. */
    if (conversion->value_bytes == 1)
        value = (int8_t)value;
    else if (conversion->value_bytes == 2)
        value = (int16_t)value;

    if (value < 0)
        put_number(output, conversion, "-", 0 - (uint64_t)value, 10);
    else
        put_number(output, conversion, "", (uint64_t)value, 10);
}

static void put_unsigned(struct output *output, const struct conversion *conversion, uint64_t value)
{
    if (conversion->value_bytes < 8)
        value &= (1ull << conversion->value_bytes * 8) - 1;

    unsigned base = conversion->kind == 'u' ? 10 : 16;
    const char *prefix = "";
    if (conversion->alternate && base == 16 && value != 0)
        prefix = conversion->kind == 'X' ? "0X" : "0x";
    put_number(output, conversion, prefix, value, base);
}

static const char *parse_flags(const char *at, struct conversion *conversion)
{
    for (;; at++) {
        if (*at == '-')
            conversion->left = true;
        else if (*at == '0')
            conversion->zero = true;
        else if (*at == '#')
            conversion->alternate = true;
        else
            return at;
    }
}

static const char *parse_decimal(const char *at, size_t *value)
{
    *value = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        *value = *value * 10 + (size_t)(*at - '0');
    return at;
}

static const char *parse_length(const char *at, struct conversion *conversion)
{
    conversion->value_bytes = sizeof(int);
    if (*at == 'h') {
        conversion->value_bytes = at[1] == 'h' ? 1 : 2;
        return at + (at[1] == 'h' ? 2 : 1);
    }
    if (*at == 'l' || *at == 'z') {
        conversion->value_bytes = 8;
        return at + (at[0] == 'l' && at[1] == 'l' ? 2 : 1);
    }
    return at;
}

/* va_list is an array type: a struct member can be handed on by pointer, a parameter could not. */
struct arguments {
    va_list list;
};

/* Read one specification after its '%'. Returns where it ends; only kind tells whether it is one we know. */
static const char *parse_conversion(const char *at, struct conversion *conversion, struct arguments *arguments)
{
    at = parse_flags(at, conversion);
    if (*at == '*') {
        int width = va_arg(arguments->list, int);
        conversion->left |= width < 0;
        conversion->width = width < 0 ? 0 - (size_t)width : (size_t)width;
        at++;
    } else {
        at = parse_decimal(at, &conversion->width);
    }
    if (*at == '.') {
        conversion->has_precision = true;
        if (at[1] == '*') {
            int precision = va_arg(arguments->list, int);
            conversion->has_precision = precision >= 0;
            conversion->precision = (size_t)precision;
            at += 2;
        } else {
            at = parse_decimal(at + 1, &conversion->precision);
        }
    }
    at = parse_length(at, conversion);
    conversion->kind = *at;
    return *at == '\0' ? at : at + 1;
}

/* Print one conversion. False when its kind is unknown. */
static bool put_conversion(struct output *output, struct conversion *conversion, struct arguments *arguments)
{
    bool wide = conversion->value_bytes == 8;
    char character;

    switch (conversion->kind) {
    case 'd':
    case 'i':
        put_signed(output, conversion, wide ? va_arg(arguments->list, long) : va_arg(arguments->list, int));
        return true;
    case 'u':
    case 'x':
    case 'X':
        put_unsigned(output, conversion, wide ? va_arg(arguments->list, unsigned long)
                                              : va_arg(arguments->list, unsigned));
        return true;
    case 'p':
        conversion->value_bytes = 8;
        put_number(output, conversion, "0x", (uintptr_t)va_arg(arguments->list, void *), 16);
        return true;
    case 's':
        put_text(output, conversion, va_arg(arguments->list, const char *));
        return true;
    case 'c':
        character = (char)va_arg(arguments->list, int);
        put_padded(output, conversion, &character, 1);
        return true;
    case '%':
        put_char(output, '%');
        return true;
    default:
        return false;
    }
}

size_t format_string_v(char *buffer, size_t size_bytes, const char *format, va_list list)
{
    struct output output = { .buffer = buffer, .size_bytes = size_bytes };
    struct arguments arguments;

    va_copy(arguments.list, list);
    while (*format != '\0') {
        if (*format != '%') {
            put_char(&output, *format++);
            continue;
        }
        struct conversion conversion = { .kind = '\0' };
        const char *end = parse_conversion(format + 1, &conversion, &arguments);
        if (!put_conversion(&output, &conversion, &arguments))
            put_bytes(&output, format, (size_t)(end - format));
        format = end;
    }
    va_end(arguments.list);
    if (size_bytes > 0)
        buffer[output.length < size_bytes ? output.length : size_bytes - 1] = '\0';
    return output.length;
}

size_t format_string(char *buffer, size_t size_bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_string_v(buffer, size_bytes, format, arguments);
    va_end(arguments);
    return length;
}
