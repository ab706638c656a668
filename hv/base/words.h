/*
 * words.h - short copies and fills of eight bytes and more, inline: for who counts instructions. Not PURE.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stdint.h>

typedef uint64_t __attribute__((aligned(1), may_alias)) loose_word_t;

/* Between places that are apart. What is left over of a multiple of eight is done as the last eight bytes. */
static inline __attribute__((always_inline)) void words_copy(uint8_t *to, const uint8_t *from, uint32_t length)
{
    uint64_t words = length / 8, last = *(const loose_word_t *)(from + length - 8);
    loose_word_t *last_to = (loose_word_t *)(to + length - 8);

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    *last_to = last;
}

/* With a pattern that is the same wherever it begins in the elements that it is made of. */
static inline __attribute__((always_inline)) void words_fill(uint8_t *to, uint64_t pattern, uint32_t length)
{
    uint64_t words = length / 8;
    loose_word_t *last_to = (loose_word_t *)(to + length - 8);

    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    *last_to = pattern;
}

#endif
