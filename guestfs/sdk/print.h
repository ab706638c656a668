/*
 * print.h - formatted text on the guest's console.
 */
#ifndef SDK_PRINT_H
#define SDK_PRINT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Understands %d %i %u %x %X %c %s %p %%, the flags '-' and '0', a width (also '*') and, for %s, a precision. Numbers
 * have 32 bits. No floating point: the SDK leaves the FPU to the guest.
 */
int snprintf(char *buffer, size_t buffer_bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buffer, size_t buffer_bytes, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Print on the console, at most PRINTF_MAX - 1 characters a call (the rest is cut). Returns the characters printed. */
#define PRINTF_MAX 1024
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A string as it stands, of any length; putchar: one byte. */
void print_string(const char *text);
void print_char(char character);

#endif
