/*
 * format.h - printf-style formatting into a buffer (PURE).
 */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Format into buffer, always NUL-terminated when size_bytes > 0. Returns the length in bytes the whole text would have
 * had without the limit (as C's snprintf), so "returned >= size_bytes" means it was cut.
 *
 * Conversions: %d %i %u %x %X %c %s %p %% with flags '-', '0', '#', a width or '*', a precision for %s ("%.*s" too),
 * and the lengths hh, h, l, ll, z. Nothing else: an unknown conversion is printed as it stands.
 */
size_t format_string(char *buffer, size_t size_bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t format_string_v(char *buffer, size_t size_bytes, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
