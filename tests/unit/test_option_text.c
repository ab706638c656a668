/*
 * test_option_text.c - load options that are text, and those that a boot manager left for itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "option_text.h"

static void expect(const uint16_t *units, uint64_t count, const char *text)
{
    char room[200];
    assert_true(3 * count <= sizeof(room));
    assert_int_equal(option_text_decode(units, count, room, 3 * count), strlen(text));
    assert_memory_equal(room, text, strlen(text));
}

static void text_is_recoded(void **state)
{
    (void)state;
    static const uint16_t plain[] = u"autorun hello expect=0;\tafter poweroff\r\n";
    expect(plain, sizeof(plain) / 2, "autorun hello expect=0;\tafter poweroff\r\n");
    expect(plain, 7, "autorun");                            /* not every boot manager sends the zero */
    static const uint16_t foreign[] = u"é ß Ж €";
    expect(foreign, sizeof(foreign) / 2, "é ß Ж €");
    static const uint16_t more[] = u"log debug\0junk";
    expect(more, sizeof(more) / 2, "log debug");
    expect(plain, 0, "");
}

static void binary_data_is_ignored(void **state)
{
    (void)state;
    static const uint16_t guid[8] = { 0xAC4E, 0x8108, 0x9F11, 0x4D59, 0x0E85, 0xE21A, 0x522C, 0xB259 };
    expect(guid, 8, "");
    const uint16_t strange[] = { 1, 0x1B, 0x7F, 0x80, 0x9F, 0x202E, 0x2E80, 0x4E2D, 0xD800, 0xDC00, 0xFEFF, 0xFFFF };
    for (unsigned i = 0; i < sizeof(strange) / 2; i++) {
        const uint16_t units[3] = { 'a', strange[i], 'b' };
        expect(units, 3, "");
    }
}

static void every_character_fits_its_room(void **state)
{
    (void)state;
    for (uint32_t unit = 1; unit <= 0xFFFF; unit++) {
        const uint16_t units[1] = { (uint16_t)unit };
        char room[4] = { 0, 0, 0, '#' };
        uint64_t most = option_text_decode(units, 1, room, 3);
        assert_true(most <= 3 && room[3] == '#');
        for (uint64_t capacity = 0; capacity < most; capacity++)
            assert_int_equal(option_text_decode(units, 1, room, capacity), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_recoded),
        cmocka_unit_test(binary_data_is_ignored),
        cmocka_unit_test(every_character_fits_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
