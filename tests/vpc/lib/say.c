/*
 * say.c - text on the serial line, as every PC has it at 3F8.
 */
#include "pc.h"

unsigned failures;

void put_character(char character)
{
    while (!(inb(COM1 + 5) & 0x20))
        ;
    outb(COM1, (uint8_t)character);
}

static void put_text(const char *text)
{
    while (*text != '\0')
        put_character(*text++);
}

static void put_number(uint32_t value, uint32_t base, unsigned digits)
{
    char text[12];
    unsigned count = 0;

    do {
        text[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 || count < digits);
    while (count > 0)
        put_character(text[--count]);
}

static void put_value(char kind, va_list *arguments)
{
    switch (kind) {
    case 's': put_text(va_arg(*arguments, const char *)); break;
    case 'c': put_character((char)va_arg(*arguments, int)); break;
    case 'u': put_number(va_arg(*arguments, uint32_t), 10, 1); break;
    case 'x': put_number(va_arg(*arguments, uint32_t), 16, 8); break;
    case 'b': put_number(va_arg(*arguments, uint32_t), 16, 2); break;
    case 'h': put_number(va_arg(*arguments, uint32_t), 16, 1); break;
    case 'd': {
        int value = va_arg(*arguments, int);
        if (value < 0)
            put_character('-');
        put_number((uint32_t)(value < 0 ? -value : value), 10, 1);
        break;
    }
    default: put_character(kind); break;
    }
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        if (*format == '%')
            put_value(*++format, &arguments);
        else
            put_character(*format);
    }
    va_end(arguments);
}

void check(bool good, const char *what)
{
    if (good)
        return;
    failures++;
    say("FAILED %s\n", what);
}

void *memset(void *to, int value, size_t count)
{
    void *result = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
    return result;
}

void *memcpy(void *to, const void *from, size_t count)
{
    void *result = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return result;
}

int memcmp(const void *left, const void *right, size_t count)
{
    const uint8_t *a = left, *b = right;

    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i])
            return a[i] - b[i];
    return 0;
}
