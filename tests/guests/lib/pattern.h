/*
 * pattern.h - pages with words that depend on a salt: whoever reads them sees whose they are.
 */
#ifndef TESTS_GUESTS_PATTERN_H
#define TESTS_GUESTS_PATTERN_H

#include "paging.h"

struct pattern_page {
    uint32_t words[PAGE_BYTES / 4];
} __attribute__((aligned(PAGE_BYTES)));

static inline uint32_t pattern_word(uint32_t salt, uint32_t page)
{
    return salt * 2654435761u + page * 40503u;
}

/* A word of each page, in each another one; at most 256 pages. */
static inline void pattern_fill(struct pattern_page *pages, uint32_t count, uint32_t salt)
{
    for (uint32_t i = 0; i < count; i++)
        *(volatile uint32_t *)&pages[i].words[i * 4] = pattern_word(salt, i);
}

static inline void pattern_check(struct pattern_page *pages, uint32_t count, uint32_t salt)
{
    for (uint32_t i = 0; i < count; i++)
        CHECK_EQUAL(*(volatile uint32_t *)&pages[i].words[i * 4], pattern_word(salt, i));
}

#endif
