/*
 * text.h - small helpers for text that people typed: names, sizes, numbers (PURE).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Equal, if A-Z and a-z count as the same (ASCII only, as on FAT). */
bool text_equal_nocase(const char *left, const char *right);

/* Does all of text fit the pattern, in which * is any text and ? any character? Case as above. */
bool text_matches(const char *text, const char *pattern);

/* Copy as much of source as fits, always NUL-terminated when size_bytes > 0. Returns false when it was cut. */
bool text_copy(char *destination, size_t size_bytes, const char *source);

/*
 * How much of a text goes into a line of so many columns: up to its newline, else to its last blank that leaves no more
 * than these, else all of them. next: where the following line begins, the blank or newline left out; NULL: none does.
 */
size_t text_wrap(const char *text, size_t columns, const char **next);

/*
 * Read an unsigned number, decimal or hexadecimal with 0x, from the start of text. Returns the first character after
 * it, or NULL (value untouched) when there is no digit or the number does not fit into 64 bits.
 */
const char *text_parse_u64(const char *text, uint64_t *value);

#endif
