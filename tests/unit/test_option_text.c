/*
 * test_option_text.c - load options that are text, those that a boot manager left for itself, and command lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "option_text.h"

static const uint16_t own[] = u"\\EFI\\BOOT\\BootX64.EFI";

static void expect(const uint16_t *units, uint64_t count, const char *text)
{
    char room[400];
    assert_true(3 * count <= sizeof(room));
    const struct utf16 options = { (const uint8_t *)units, count, 0 };
    const struct utf16 path = { (const uint8_t *)own, sizeof(own) / 2 - 1, 0 };
    uint64_t bytes = option_text_decode(&options, &path, room, 3 * count);
    assert_int_equal(bytes, text ? strlen(text) : OPTION_TEXT_BINARY);
    if (text)
        assert_memory_equal(room, text, bytes);
}

#define EXPECT(units, text) expect(units, sizeof(units) / 2, text)

static void text_is_recoded(void **state)
{
    (void)state;
    static const uint16_t plain[] = u"autorun hello expect=0;\tafter poweroff\r\n";
    EXPECT(plain, "autorun hello expect=0;\tafter poweroff\r\n");
    expect(plain, 7, "autorun");                            /* not every boot manager sends the zero */
    EXPECT(u"log é ß Ж €", "log é ß Ж €");
    EXPECT(u"log debug\0junk", "log debug");
    expect(plain, 0, "");
    EXPECT(u"", "");
    EXPECT(u" \t ", "");
}

/* Dell's and AMI's boot managers, and bytes in place of UTF-16. */
static void binary_data_is_told_apart(void **state)
{
    (void)state;
    static const uint16_t guid[8] = { 0xAC4E, 0x8108, 0x9F11, 0x4D59, 0x0E85, 0xE21A, 0x522C, 0xB259 };
    expect(guid, 8, NULL);
    static const uint8_t bytes[] __attribute__((aligned(2))) = "autorun hello";
    expect((const uint16_t *)bytes, sizeof(bytes) / 2, NULL);
    const uint16_t strange[] = { 1, 0x1B, 0x7F, 0x80, 0x9F, 0x202E, 0x2E80, 0x4E2D, 0xD800, 0xDC00, 0xFFFE, 0xFFFF };
    for (unsigned i = 0; i < sizeof(strange) / 2; i++) {
        const uint16_t units[3] = { 'a', strange[i], 'b' };
        expect(units, 3, NULL);
    }
}

static void a_strange_character_costs_itself_only(void **state)
{
    (void)state;
    EXPECT(u"log debug # \u4e2d\u6587, \U0001F600", "log debug # \u4e2d\u6587, \U0001F600");
    EXPECT(u"#\x1b\x80;log debug", "#??;log debug");
    EXPECT(u"log debug # \x1b\xd800.\xdc00 \x202e", "log debug # ??.? ?");
}

static void byte_order_marks_are_left_out(void **state)
{
    (void)state;
    EXPECT(u"\xfeff", "");
    EXPECT(u"\xfefflog debug", "log debug");
    EXPECT(u" \xfeff" u"bootx64.efi \xfefflog debug\xfeff", "log debug");
}

static void own_path_is_left_out(void **state)
{
    (void)state;
    EXPECT(u"FS0:\\EFI\\BOOT\\BOOTX64.EFI log debug", "log debug");
    EXPECT(u"\"fs0:\\my files\\cobble.efi\"\tlog debug", "log debug");
    EXPECT(u"\"fs0:\\\u4e2d \u6587\\cobble.efi\" log debug", "log debug");
    EXPECT(u"bootx64 log debug", "log debug");
    EXPECT(u"..\\bootx64 log debug", "log debug");
    EXPECT(u"bootx64.efi", "");
    EXPECT(u"\"bootx64.efi", "");
    EXPECT(u"bootx64.efi \x4e2d", NULL);                    /* a path before binary data makes it no text */
    EXPECT(u"log bootx64.efi", "log bootx64.efi");
    EXPECT(u"bootx6 log", "bootx6 log");
    EXPECT(u"bootx64.efi bootx64.efi", "bootx64.efi");      /* once */
    EXPECT(u".efi", ".efi");
}

/* Without a path of our own only the ending tells. */
static void unknown_path(void **state)
{
    (void)state;
    char room[100];
    static const uint16_t units[] = u"bootx64 a", ending[] = u"bootx64.efi a";
    const struct utf16 none = { (const uint8_t *)"", 0, 0 };
    struct utf16 options = { (const uint8_t *)units, sizeof(units) / 2, 0 };
    assert_int_equal(option_text_decode(&options, &none, room, sizeof(room)), 9);
    options = (struct utf16){ (const uint8_t *)ending, sizeof(ending) / 2, 0 };
    assert_int_equal(option_text_decode(&options, &none, room, sizeof(room)), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_recoded),
        cmocka_unit_test(binary_data_is_told_apart),
        cmocka_unit_test(a_strange_character_costs_itself_only),
        cmocka_unit_test(byte_order_marks_are_left_out),
        cmocka_unit_test(own_path_is_left_out),
        cmocka_unit_test(unknown_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
