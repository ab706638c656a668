/*
 * string.c - memory and string functions. The compiler calls the first four by itself, so they cannot be left out.
 *
 * Bulk copies and fills use the string instructions on 8-byte words: fast on processors, and under an emulator one
 * translated loop step moves eight bytes. Backward copies stay in C: the direction flag is never set.
 */
#include "base/string.h"

#include <stdint.h>

#define WORD_BYTES sizeof(uint64_t)

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

/* From low to high addresses: right for every overlap in which the destination lies lower. */
static void copy_upwards(void *to, const void *from, size_t count)
{
    size_t words = count / WORD_BYTES;
    size_t rest = count % WORD_BYTES;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
}

void *memcpy(void *restrict destination, const void *restrict source, size_t count)
{
    copy_upwards(destination, source, count);
    return destination;
}

void *memset(void *destination, int value, size_t count)
{
    void *to = destination;
    size_t words = count / WORD_BYTES;
    size_t rest = count % WORD_BYTES;
    uint64_t pattern = (uint8_t)value * 0x0101010101010101ull;

    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
    return destination;
}

void *memmove(void *destination, const void *source, size_t count)
{
    uint8_t *to = destination;
    const uint8_t *from = source;

    if ((uintptr_t)to - (uintptr_t)from >= count) {
        copy_upwards(to, from, count);
        return destination;
    }
    /* -ffreestanding keeps clang from turning these loops back into calls of memmove. */
    while (count >= WORD_BYTES) {
        count -= WORD_BYTES;
        *(word_t *)(to + count) = *(const word_t *)(from + count);
    }
    while (count > 0) {
        count--;
        to[count] = from[count];
    }
    return destination;
}

int memcmp(const void *left, const void *right, size_t count)
{
    const uint8_t *a = left;
    const uint8_t *b = right;

    size_t i = 0;
    while (count - i >= WORD_BYTES && *(const word_t *)(a + i) == *(const word_t *)(b + i))
        i += WORD_BYTES;
    for (; i < count; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

size_t strnlen(const char *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && text[length] != '\0')
        length++;
    return length;
}

size_t strlen(const char *text)
{
    return strnlen(text, SIZE_MAX);
}

int strncmp(const char *left, const char *right, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        if (left[i] != right[i])
            return (uint8_t)left[i] < (uint8_t)right[i] ? -1 : 1;
        if (left[i] == '\0')
            return 0;
    }
    return 0;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, SIZE_MAX);
}

char *strchr(const char *text, int wanted)
{
    for (;; text++) {
        if (*text == (char)wanted)
            return (char *)(uintptr_t)text;
        if (*text == '\0')
            return NULL;
    }
}
