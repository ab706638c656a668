/*
 * test_format.c - base/format against the host's snprintf: every conversion we have, with random flags, widths, values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/format.h"

#define ROUNDS 40000

static uint64_t random_u64(void)
{
    uint64_t value = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
    return value >> rand() % 64;    /* short numbers matter as much as long ones */
}

/* The arguments are evaluated twice. */
#define CHECK_SAME(format, ...)                                                                     \
    do {                                                                                            \
        char ours[200], theirs[200];                                                                \
        size_t size = (size_t)(rand() % 4 == 0 ? rand() % 12 : 200);                                \
        memset(ours, '~', sizeof(ours));                                                            \
        memset(theirs, '~', sizeof(theirs));                                                        \
        size_t our_length = format_string(ours, size, format, __VA_ARGS__);                         \
        size_t their_length = (size_t)snprintf(theirs, size, format, __VA_ARGS__);                  \
        if (our_length != their_length || memcmp(ours, theirs, sizeof(ours)) != 0)                  \
            fail_msg("\"%s\": ours \"%.199s\" (%zu), theirs \"%.199s\" (%zu)", (const char *)format, \
                     ours, our_length, theirs, their_length);                                       \
    } while (0)

/* "<%" flags width .precision length kind ">". Combinations that C leaves undefined are not made. */
static void make_format(char *format, char kind, const char *length, unsigned with_precision)
{
    *format++ = '<';
    *format++ = '%';
    if (rand() % 3 == 0)
        *format++ = '-';
    if (rand() % 3 == 0 && kind != 's' && kind != 'c')
        *format++ = '0';
    if (rand() % 3 == 0 && (kind == 'x' || kind == 'X'))
        *format++ = '#';
    if (rand() % 2 == 0)
        format += sprintf(format, "%d", 1 + rand() % 30);
    if (with_precision && rand() % 3 == 0)
        format += sprintf(format, ".%d", rand() % 25);
    sprintf(format, "%s%c>", length, kind);
}

static void test_random_integers(void **state)
{
    static const char kinds[] = "diuxX";
    static const char *const lengths[] = { "", "hh", "h", "l", "ll", "z" };

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char format[40];
        int length = rand() % 6;
        make_format(format, kinds[rand() % 5], lengths[length], 1);
        uint64_t value = random_u64();
        if (length < 3)
            CHECK_SAME(format, (int)(uint32_t)value);
        else
            CHECK_SAME(format, (long)value);
    }
}

static void test_random_texts(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char format[40], text[32];
        int length = rand() % 31;
        for (int i = 0; i < length; i++)
            text[i] = (char)(1 + rand() % 255);
        text[length] = '\0';
        make_format(format, 's', "", 1);
        CHECK_SAME(format, text);
        make_format(format, 'c', "", 0);
        int character = rand() % 256;
        CHECK_SAME(format, character);
    }
}

static void test_stars(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int widths[3] = { rand() % 40 - 20, rand() % 40 - 20, rand() % 40 - 20 };
        int precisions[2] = { rand() % 20 - 3, rand() % 20 - 3 };
        int value = (int)random_u64();
        CHECK_SAME("%*d|%-*u|%.*s|%*.*s", widths[0], value, widths[1], (unsigned)value, precisions[0], "Cobblestone",
                   widths[2], precisions[1], "guest");
    }
}

static void test_edges(void **state)
{
    (void)state;
    CHECK_SAME("%s", "");
    CHECK_SAME("%d%%%d", INT32_MIN, INT32_MAX);
    CHECK_SAME("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
    CHECK_SAME("%.0d|%.0x", 0, 0);
    CHECK_SAME("%#x %#X %#010x", 0, 0, 255);
    CHECK_SAME("%p", (void *)0x123456789ABCu);
    CHECK_SAME("%20p|%-20p|", (void *)0xABCu, (void *)0xABCu);
    /* A precision bounds how far a text is read: no NUL needed. */
    const char unended[3] = { 'a', 'b', 'c' };
    CHECK_SAME("%.3s", unended);
}

/* Where C leaves it open, ours is decided. */
static void test_our_own(void **state)
{
    char text[64];

    (void)state;
    format_string(text, sizeof(text), "%p", NULL);
    assert_string_equal(text, "0x0");
    const char *volatile nothing = NULL;
    format_string(text, sizeof(text), "%s", nothing);
    assert_string_equal(text, "(null)");
    const char *volatile unknown = "a %k %5.2f %";
    assert_int_equal(format_string(text, sizeof(text), unknown, 0), 12);
    assert_string_equal(text, "a %k %5.2f %");
    assert_int_equal(format_string(NULL, 0, "%d", 12345), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_integers),
        cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_stars),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_our_own),
    };
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
