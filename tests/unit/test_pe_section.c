/*
 * test_pe_section.c - sections of a small PE image by name, and images that lie about themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pe_section.h"

#define IMAGE_BYTES 1024
#define HEADER 0x80
#define OPTIONAL_BYTES 0xF0
#define TABLE (HEADER + 24 + OPTIONAL_BYTES)

static void put(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
}

static void put_section(uint8_t *image, unsigned index, const char *name, uint32_t address, uint32_t size)
{
    uint8_t *section = image + TABLE + 40 * index;
    strncpy((char *)section, name, 8);
    put(section + 8, size);
    put(section + 12, address);
}

/* On the heap, so that the sanitizer sees a read beyond the end. */
static uint8_t *make_image(void)
{
    uint8_t *image = calloc(1, IMAGE_BYTES);
    assert_non_null(image);
    put(image + 0x3C, HEADER);
    memcpy(image + HEADER, "PE", 2);
    image[HEADER + 6] = 3;
    image[HEADER + 20] = OPTIONAL_BYTES;
    put_section(image, 0, ".text", 600, 100);
    put_section(image, 1, ".ramdisx", 700, 10);
    put_section(image, 2, ".ramdisk", 800, 224);
    return image;
}

static void sections_are_found_by_their_whole_name(void **state)
{
    (void)state;
    uint8_t *image = make_image();
    struct pe_section found = pe_section_find(image, IMAGE_BYTES, ".ramdisk");
    assert_int_equal(found.offset, 800);
    assert_int_equal(found.size, 224);
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".text").offset, 600);
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".tex").size, 0);
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".ramdisk2").size, 0);
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".data").size, 0);
    free(image);
}

static void what_lies_outside_is_not_found(void **state)
{
    (void)state;
    uint8_t *image = make_image();
    put_section(image, 2, ".ramdisk", 800, 225);
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".ramdisk").size, 0);
    put_section(image, 2, ".ramdisk", 0xFFFFFFFF, 0xFFFFFFFF);
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".ramdisk").size, 0);
    free(image);
}

static void headers_that_lie_are_harmless(void **state)
{
    (void)state;
    uint8_t *image = make_image();
    image[HEADER + 6] = image[HEADER + 7] = 0xFF;
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".none").size, 0);
    image[HEADER + 20] = image[HEADER + 21] = 0xFF;
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".text").size, 0);
    put(image + 0x3C, 0xFFFFFFF0);
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".text").size, 0);
    free(image);
    for (unsigned bytes = 0; bytes < IMAGE_BYTES; bytes++) {
        uint8_t *whole = make_image(), *cut = malloc(bytes ? bytes : 1);
        assert_non_null(cut);
        memcpy(cut, whole, bytes);
        assert_int_equal(pe_section_find(cut, bytes, ".ramdisk").size, 0);
        free(cut);
        free(whole);
    }
}

static void no_signature_no_section(void **state)
{
    (void)state;
    uint8_t *image = make_image();
    image[HEADER] = 'N';
    assert_int_equal(pe_section_find(image, IMAGE_BYTES, ".text").size, 0);
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_found_by_their_whole_name),
        cmocka_unit_test(what_lies_outside_is_not_found),
        cmocka_unit_test(headers_that_lie_are_harmless),
        cmocka_unit_test(no_signature_no_section),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
