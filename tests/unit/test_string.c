/*
 * test_string.c - base/string against the host's functions. Ours are renamed, as they may not replace the host's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define memcpy our_memcpy
#define memmove our_memmove
#define memset our_memset
#define memcmp our_memcmp
#define strlen our_strlen
#define strnlen our_strnlen
#define strcmp our_strcmp
#define strncmp our_strncmp
#define strchr our_strchr
#include "base/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr

#define ROUNDS 20000
#define ROOM 160

static uint8_t ours[ROOM], theirs[ROOM];

static void fill_both(void)
{
    for (int i = 0; i < ROOM; i++)
        ours[i] = theirs[i] = (uint8_t)rand();
}

/* Overlapping in both directions, every alignment, lengths around the word size. */
static void test_move(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t to = (size_t)rand() % 80, from = (size_t)rand() % 80, count = (size_t)rand() % 80;
        fill_both();
        assert_ptr_equal(our_memmove(ours + to, ours + from, count), ours + to);
        memmove(theirs + to, theirs + from, count);
        assert_memory_equal(ours, theirs, ROOM);
    }
}

static void test_copy_and_set(void **state)
{
    uint8_t source[ROOM];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t to = (size_t)rand() % 40, from = (size_t)rand() % 40, count = (size_t)rand() % 100;
        int value = rand() - RAND_MAX / 2;
        fill_both();
        for (int i = 0; i < ROOM; i++)
            source[i] = (uint8_t)rand();
        assert_ptr_equal(our_memcpy(ours + to, source + from, count), ours + to);
        memcpy(theirs + to, source + from, count);
        assert_memory_equal(ours, theirs, ROOM);
        assert_ptr_equal(our_memset(ours + from, value, count), ours + from);
        memset(theirs + from, value, count);
        assert_memory_equal(ours, theirs, ROOM);
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void test_compare(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char left[12], right[12];
        for (int i = 0; i < 12; i++) {
            left[i] = "ab\xC3"[rand() % 3];
            right[i] = rand() % 8 != 0 ? left[i] : (char)rand();
        }
        left[rand() % 12] = left[11] = right[rand() % 12] = right[11] = '\0';
        size_t limit = (size_t)rand() % 13;
        assert_int_equal(sign(our_strcmp(left, right)), sign(strcmp(left, right)));
        assert_int_equal(sign(our_strncmp(left, right, limit)), sign(strncmp(left, right, limit)));
        assert_int_equal(sign(our_memcmp(left, right, limit % 12)), sign(memcmp(left, right, limit % 12)));
        assert_int_equal(our_strlen(left), strlen(left));
        assert_int_equal(our_strnlen(left, limit), strnlen(left, limit));
        assert_ptr_equal(our_strchr(left, right[0]), strchr(left, right[0]));
        assert_ptr_equal(our_strchr(left, '\0'), strchr(left, '\0'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_copy_and_set),
        cmocka_unit_test(test_compare),
    };
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
