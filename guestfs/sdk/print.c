/*
 * print.c - printf for guests: format into a buffer, then hand it to the hypervisor in pieces.
 */
#include <stdbool.h>
#include <stdint.h>

#include "hv.h"
#include "print.h"
#include "string.h"

#define PIECE_BYTES 400     /* guests of this contract keep single prints below 410 bytes */

struct output {
    char *buffer;
    size_t size, length;    /* length counts what did not fit, too */
};

/* One conversion, between '%' and its letter. */
struct conversion {
    bool left, zero;
    int width, precision;   /* precision < 0: none given */
};

static void output_char(struct output *output, char character)
{
    if (output->length + 1 < output->size)
        output->buffer[output->length] = character;
    output->length++;
}

static void output_padded(struct output *output, const struct conversion *conversion, const char *text, size_t length)
{
    size_t width = conversion->width > 0 ? (size_t)conversion->width : 0;
    size_t padding = width > length ? width - length : 0;

    if (!conversion->left) {
        /* A sign stands before the zeroes. */
        if (conversion->zero && length > 0 && *text == '-') {
            output_char(output, *text++);
            length--;
        }
        for (size_t i = 0; i < padding; i++)
            output_char(output, conversion->zero ? '0' : ' ');
    }
    for (size_t i = 0; i < length; i++)
        output_char(output, text[i]);
    for (size_t i = 0; conversion->left && i < padding; i++)
        output_char(output, ' ');
}

static void output_number(struct output *output, const struct conversion *conversion, uint32_t value, unsigned base,
                          char ten, bool negative)
{
    char digits[12];
    size_t start = sizeof(digits);

    do {
        unsigned digit = value % base;
        digits[--start] = (char)(digit < 10 ? '0' + digit : (unsigned)ten + digit - 10);
        value /= base;
    } while (value != 0);
    if (negative)
        digits[--start] = '-';
    output_padded(output, conversion, digits + start, sizeof(digits) - start);
}

static const char *number_parse(const char *format, int *value, va_list *arguments)
{
    if (*format == '*') {
        *value = va_arg(*arguments, int);
        return format + 1;
    }
    for (*value = 0; *format >= '0' && *format <= '9'; format++)
        *value = *value * 10 + (*format - '0');
    return format;
}

static const char *conversion_parse(const char *format, struct conversion *conversion, va_list *arguments)
{
    *conversion = (struct conversion){ .precision = -1 };
    for (;; format++) {
        if (*format == '-')
            conversion->left = true;
        else if (*format == '0')
            conversion->zero = true;
        else
            break;
    }
    format = number_parse(format, &conversion->width, arguments);
    if (*format == '.')
        format = number_parse(format + 1, &conversion->precision, arguments);
    return format;
}

static void output_string(struct output *output, const struct conversion *conversion, const char *text)
{
    size_t length = 0;

    while ((conversion->precision < 0 || length < (size_t)conversion->precision) && text[length] != '\0')
        length++;
    output_padded(output, conversion, text, length);
}

static void output_conversion(struct output *output, const struct conversion *conversion, char letter,
                              va_list *arguments)
{
    if (letter == 'd' || letter == 'i') {
        int value = va_arg(*arguments, int);
        output_number(output, conversion, value < 0 ? 0u - (uint32_t)value : (uint32_t)value, 10, 'a', value < 0);
    } else if (letter == 'u') {
        output_number(output, conversion, va_arg(*arguments, uint32_t), 10, 'a', false);
    } else if (letter == 'x' || letter == 'p') {
        output_number(output, conversion, va_arg(*arguments, uint32_t), 16, 'a', false);
    } else if (letter == 'X') {
        output_number(output, conversion, va_arg(*arguments, uint32_t), 16, 'A', false);
    } else if (letter == 'c') {
        char character = (char)va_arg(*arguments, int);
        output_padded(output, conversion, &character, 1);
    } else if (letter == 's') {
        output_string(output, conversion, va_arg(*arguments, const char *));
    } else {
        output_char(output, letter);
    }
}

int vsnprintf(char *buffer, size_t buffer_bytes, const char *format, va_list arguments)
{
    struct output output = { .buffer = buffer, .size = buffer_bytes };
    struct conversion conversion;
    va_list rest;

    va_copy(rest, arguments);
    while (*format != '\0') {
        if (*format != '%') {
            output_char(&output, *format++);
            continue;
        }
        format = conversion_parse(format + 1, &conversion, &rest);
        if (*format == '\0')
            break;
        output_conversion(&output, &conversion, *format++, &rest);
    }
    va_end(rest);
    if (buffer_bytes > 0)
        buffer[output.length < buffer_bytes ? output.length : buffer_bytes - 1] = '\0';
    return (int)output.length;
}

int snprintf(char *buffer, size_t buffer_bytes, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(buffer, buffer_bytes, format, arguments);
    va_end(arguments);
    return length;
}

void print_string(const char *text)
{
    size_t length = strlen(text);

    while (length > 0) {
        size_t piece = length < PIECE_BYTES ? length : PIECE_BYTES;
        hv_print((int32_t)piece, text);
        text += piece;
        length -= piece;
    }
}

void print_char(char character)
{
    hv_print(1, &character);
}

int printf(const char *format, ...)
{
    char buffer[PRINTF_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    print_string(buffer);
    return (int)strlen(buffer);
}
