/*
 * test_pixel_format.c - every GOP pixel format, and those that cannot be drawn on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pixel_format.h"

static struct boot_framebuffer screen(void)
{
    return (struct boot_framebuffer){ .address = 0x80000000, .size = 1024 * 768 * 4, .width = 1000, .height = 768 };
}

static void byte_orders(void **state)
{
    (void)state;
    const uint32_t unused[4] = { 1, 2, 3, 4 };
    struct boot_framebuffer rgb = screen(), bgr = screen();
    assert_true(pixel_format_describe(&rgb, PIXEL_RGB, unused, 1024));
    assert_true(pixel_format_describe(&bgr, PIXEL_BGR, unused, 1024));
    assert_int_equal(rgb.red_mask, 0xFF);
    assert_int_equal(rgb.blue_mask, 0xFF0000);
    assert_int_equal(bgr.red_mask, 0xFF0000);
    assert_int_equal(bgr.blue_mask, 0xFF);
    assert_int_equal(bgr.green_mask, 0xFF00);
    assert_int_equal(bgr.pitch, 4096);
    assert_int_equal(bgr.bytes_per_pixel, 4);
    assert_int_equal(bgr.height, 768);
}

static void bit_masks_give_the_pixel_size(void **state)
{
    (void)state;
    const struct { uint32_t masks[4], bytes; } formats[] = {
        { { 0xF800, 0x07E0, 0x001F, 0 }, 2 },
        { { 0x7C00, 0x03E0, 0x001F, 0 }, 2 },
        { { 0xFF0000, 0xFF00, 0xFF, 0 }, 3 },
        { { 0xFF0000, 0xFF00, 0xFF, 0xFF000000 }, 4 },
        { { 0x3FF00000, 0xFFC00, 0x3FF, 0 }, 4 },
    };
    for (unsigned i = 0; i < 5; i++) {
        struct boot_framebuffer framebuffer = screen();
        assert_true(pixel_format_describe(&framebuffer, PIXEL_BIT_MASK, formats[i].masks, 1024));
        assert_int_equal(framebuffer.bytes_per_pixel, formats[i].bytes);
        assert_int_equal(framebuffer.pitch, 1024 * formats[i].bytes);
        assert_int_equal(framebuffer.green_mask, formats[i].masks[1]);
    }
}

static void what_cannot_be_drawn_on_has_no_width(void **state)
{
    (void)state;
    const uint32_t good[4] = { 0xFF0000, 0xFF00, 0xFF, 0 }, no_green[4] = { 0xFF0000, 0, 0xFF, 0 };
    struct boot_framebuffer framebuffer = screen();
    assert_false(pixel_format_describe(&framebuffer, PIXEL_BLT_ONLY, good, 1024));
    assert_int_equal(framebuffer.width, 0);
    framebuffer = screen();
    assert_false(pixel_format_describe(&framebuffer, PIXEL_BIT_MASK, no_green, 1024));
    framebuffer = screen();
    assert_false(pixel_format_describe(&framebuffer, PIXEL_BGR, good, 999));    /* lines shorter than the screen */
    framebuffer = screen();
    framebuffer.size = 4095;                                                    /* not one line */
    assert_false(pixel_format_describe(&framebuffer, PIXEL_BGR, good, 1024));
    framebuffer = screen();
    framebuffer.size = 4096 * 100 + 5;
    assert_true(pixel_format_describe(&framebuffer, PIXEL_BGR, good, 1024));
    assert_int_equal(framebuffer.height, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_orders),
        cmocka_unit_test(bit_masks_give_the_pixel_size),
        cmocka_unit_test(what_cannot_be_drawn_on_has_no_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
