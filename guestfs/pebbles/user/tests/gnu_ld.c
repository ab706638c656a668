/*
 * gnu_ld.c - proves: a program that GNU ld linked without a script of ours runs: code, constants, data and zeroes are
 * what they were written as, and constants cannot be written.
 *
 * meson.build links it in several ways, each a program of its own name: the file's headers below user memory in a
 * segment of their own, or in front of the text in one segment with it; data in the page where the text ends, or in
 * one segment with it; zeroes in a segment of their own, notes, no sections.
 */
#include "catch.h"
#include "check.h"

#define PAGE_FAULT 14
#define WORDS 1100              /* more than a page of each kind */

static const uint32_t constants[WORDS] = { [0] = 0x12345678, [WORDS / 2] = 77, [WORDS - 1] = 0x9ABCDEF0 };
static uint32_t data[WORDS] = { [0] = 0x0FEDCBA9, [WORDS / 2] = 88, [WORDS - 1] = 0x87654321 };
static uint32_t zeroes[WORDS];

/* The compiler must not know what the words are. */
static uint32_t word(const uint32_t *words, uint32_t index)
{
    return *(const volatile uint32_t *)&words[index];
}

static void words_check(const uint32_t *words, uint32_t first, uint32_t middle, uint32_t last)
{
    for (uint32_t i = 0; i < WORDS; i++)
        CHECK_EQUAL(word(words, i), i == 0 ? first : i == WORDS / 2 ? middle : i == WORDS - 1 ? last : 0);
}

/* Text and data are in one page, or in one segment. */
static bool is_mixed(const char *name)
{
    return strcmp(name, "gnu_ld_omagic") == 0 || strcmp(name, "gnu_ld_page_shared") == 0;
}

int main(int argc, char **argv)
{
    CHECK_EQUAL(argc, 1);
    words_check(constants, 0x12345678, 77, 0x9ABCDEF0);
    words_check(data, 0x0FEDCBA9, 88, 0x87654321);
    words_check(zeroes, 0, 0, 0);
    for (uint32_t i = 0; i < WORDS; i++)
        data[i] = zeroes[i] = i;
    for (uint32_t i = 0; i < WORDS; i++)
        CHECK_EQUAL(word(data, i) + word(zeroes, i), 2 * i);
    words_check(constants, 0x12345678, 77, 0x9ABCDEF0);
    if (!is_mixed(argv[0])) {
        CHECK_EQUAL(catch_write((uintptr_t)constants, NULL), PAGE_FAULT);
        CHECK_EQUAL(catch_write((uintptr_t)main, NULL), PAGE_FAULT);
    }
    CHECK_EQUAL(catch_read(PEBBLES_USER_START - 1, NULL), PAGE_FAULT);      /* the headers are not there */
    return check_result();
}
