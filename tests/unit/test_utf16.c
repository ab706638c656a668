/*
 * test_utf16.c - every character, pairs and their halves, both byte orders, and what a file's first bytes say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "utf16.h"

static void every_unit_fits_its_room(void **state)
{
    (void)state;
    for (uint32_t unit = 0; unit <= 0xFFFF; unit++) {
        const uint8_t bytes[2] = { (uint8_t)unit, (uint8_t)(unit >> 8) };
        const struct utf16 text = { bytes, 1, 0 };
        char room[4] = { 0, 0, 0, '#' };
        uint64_t most = utf16_to_utf8(&text, room, 3);
        assert_int_equal(most, unit == 0xFEFF ? 0 : room[0] == '?' || unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3);
        assert_int_equal(room[3], '#');
        for (uint64_t capacity = 0; capacity < most; capacity++)
            assert_int_equal(utf16_to_utf8(&text, room, capacity), 0);
    }
}

static void either_byte_order(void **state)
{
    (void)state;
    static const uint8_t big[] = { 0xFE, 0xFF, 0, 'a', 0x20, 0xAC, 0xD8, 0x3D, 0xDE, 0x00, 0, '\n' };
    uint8_t little[sizeof(big)];
    char room[18];

    for (unsigned i = 0; i < sizeof(big); i++)
        little[i] = big[i ^ 1];
    for (int order = 0; order < 2; order++) {
        const struct utf16 text = { order ? big : little, sizeof(big) / 2, order };
        assert_int_equal(utf16_to_utf8(&text, room, sizeof(room)), strlen("a€\U0001F600\n"));
        assert_memory_equal(room, "a€\U0001F600\n", strlen("a€\U0001F600\n"));
    }
}

static void halves_of_pairs(void **state)
{
    (void)state;
    static const uint16_t units[] = { 0xD83D, 'a', 0xDE00, 0xD83D, 0xD83D, 0xDE00, 0xD83D };
    const struct utf16 text = { (const uint8_t *)units, 7, 0 };
    char room[21];
    assert_int_equal(utf16_to_utf8(&text, room, sizeof(room)), strlen("?a??\U0001F600?"));
    assert_memory_equal(room, "?a??\U0001F600?", strlen("?a??\U0001F600?"));
}

static void first_bytes_tell_the_encoding(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint64_t size;
        enum text_encoding encoding;
    } files[] = {
        { "\xFF\xFE#\0", 4, TEXT_UTF16_LITTLE }, { "\xFE\xFF\0#", 4, TEXT_UTF16_BIG },
        { "\xFF\xFE", 2, TEXT_UTF16_LITTLE },    { "\xFE\xFF", 2, TEXT_UTF16_BIG },
        { "l\0o\0", 4, TEXT_UTF16_LITTLE },      { "\0l\0o", 4, TEXT_UTF16_BIG },
        { "\n\0", 2, TEXT_UTF16_LITTLE },        { "\0\n", 2, TEXT_UTF16_BIG },
        { "\xFF\xFE\0\0", 4, TEXT_UTF32 },       { "\0\0\xFE\xFF", 4, TEXT_UTF32 },
        { "l\0\0\0", 4, TEXT_UTF32 },            { "\0\0\0l", 4, TEXT_UTF32 },
        { "\xEF\xBB\xBFlog", 6, TEXT_BYTES },    { "log", 3, TEXT_BYTES },
        { "", 0, TEXT_BYTES },                   { "l", 1, TEXT_BYTES },
        { "\xE9t\xE9", 3, TEXT_BYTES },
    };
    for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_int_equal(text_encoding_of((const uint8_t *)files[i].bytes, files[i].size), files[i].encoding);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_fits_its_room),
        cmocka_unit_test(either_byte_order),
        cmocka_unit_test(halves_of_pairs),
        cmocka_unit_test(first_bytes_tell_the_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
