/*
 * test_glyph.c - cells on fake framebuffers of every pixel format: the pixels are the font's, nothing else is touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io/font.h"
#include "io/glyph.h"

/* A font of its own: line l of glyph g is a pattern of both. */
const uint8_t font_glyphs[256][FONT_HEIGHT] = { ['A'] = { 0x80, 0x01, 0xFF, 0x00, 0xAA, 0x55, 0x18, 0x3C,
                                                         0x7E, 0xE7, 0xC3, 0x81, 0x0F, 0xF0, 0x11, 0x22 } };

#define GUARD 0x5A

struct format {
    uint32_t bytes, red, green, blue;
    uint32_t white, blue_colour;        /* what 0xFFFFFF and 0x0000AA are in it */
};

static const struct format formats[] = {
    { 4, 0xFF0000, 0xFF00, 0xFF, 0xFFFFFF, 0x0000AA },
    { 4, 0xFF, 0xFF00, 0xFF0000, 0xFFFFFF, 0xAA0000 },
    { 3, 0xFF0000, 0xFF00, 0xFF, 0xFFFFFF, 0x0000AA },
    { 2, 0xF800, 0x07E0, 0x001F, 0xFFFF, 0x0015 },
    { 2, 0x7C00, 0x03E0, 0x001F, 0x7FFF, 0x0015 },
    { 4, 0x3FF00000, 0xFFC00, 0x3FF, 0x3FCFF3FC, 0x000002A8 },
};

static uint32_t pixel(const uint8_t *memory, const struct boot_framebuffer *screen, uint32_t x, uint32_t y)
{
    uint32_t value = 0;
    memcpy(&value, memory + (size_t)y * screen->pitch + (size_t)x * screen->bytes_per_pixel, screen->bytes_per_pixel);
    return value;
}

/* Draw 'A' in white on blue and compare every pixel of the screen, and the guard bytes behind each line. */
static void draw_on(const struct format *format, uint32_t width, uint32_t height, uint32_t scale, uint32_t lines)
{
    struct boot_framebuffer screen = { .width = width, .height = height, .pitch = (width + 5) * format->bytes,
        .bytes_per_pixel = format->bytes, .red_mask = format->red, .green_mask = format->green,
        .blue_mask = format->blue };
    size_t size = (size_t)screen.pitch * height;
    uint8_t *memory = malloc(size);
    struct glyph_layout layout;

    memset(memory, GUARD, size);
    glyph_choose_layout(&layout, &screen, memory);
    assert_int_equal(layout.scale, scale);
    assert_int_equal(layout.lines, lines);
    assert_int_equal(layout.colours[15], format->white);
    assert_int_equal(layout.colours[1], format->blue_colour);
    glyph_clear(&layout);
    glyph_draw(&layout, 2, 3, 0x1F00 | 'A', 0);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint32_t left = layout.left + 3 * 8 * scale, top = layout.top + 2 * lines * scale, wanted = 0;
            if (x >= left && x < left + 8 * scale && y >= top && y < top + lines * scale)
                wanted = font_glyphs['A'][(y - top) / scale] >> (7 - (x - left) / scale) & 1 ? format->white
                                                                                            : format->blue_colour;
            assert_int_equal(pixel(memory, &screen, x, y), wanted);
        }
        for (uint32_t i = width * format->bytes; i < screen.pitch; i++)
            assert_int_equal(memory[(size_t)y * screen.pitch + i], GUARD);
    }
    free(memory);
}

static void every_format_and_size(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        draw_on(&formats[i], 640, 416, 1, 16);
        draw_on(&formats[i], 640, 400, 1, 15);
        draw_on(&formats[i], 1280, 800, 2, 15);
        draw_on(&formats[i], 1280, 1024, 2, 16);
        draw_on(&formats[i], 1024, 768, 1, 16);
        draw_on(&formats[i], 1920, 1250, 3, 16);
    }
}

/* Of a screen full of A with the cursor, white on red. */
static uint32_t filled_pixel(const struct glyph_layout *layout, uint32_t x, uint32_t y)
{
    uint32_t column = x - layout->left, below = y - layout->top, line = below % layout->lines;

    if (x < layout->left || column >= GLYPH_COLUMNS * 8 || y < layout->top || below >= GLYPH_ROWS * layout->lines)
        return 0;
    uint8_t bits = line >= layout->lines - 2 ? 0xFF : font_glyphs['A'][line];
    return bits >> (7 - column % 8) & 1 ? 0xFFFFFF : 0xAA0000;
}

static void draw_on_small_screens(uint32_t bytes)
{
    const uint32_t sizes[][2] = { { 320, 200 }, { 1, 1 }, { 639, 415 }, { 800, 10 }, { 7, 600 } };
    for (unsigned i = 0; i < 5; i++) {
        struct boot_framebuffer screen = { .width = sizes[i][0], .height = sizes[i][1], .pitch = sizes[i][0] * bytes,
            .bytes_per_pixel = bytes, .red_mask = 0xFF0000, .green_mask = 0xFF00, .blue_mask = 0xFF };
        uint8_t *memory = malloc((size_t)screen.pitch * screen.height);
        struct glyph_layout layout;
        glyph_choose_layout(&layout, &screen, memory);
        glyph_clear(&layout);
        for (unsigned row = 0; row < GLYPH_ROWS; row++)
            for (unsigned column = 0; column < GLYPH_COLUMNS; column++)
                glyph_draw(&layout, row, column, 0x4F00 | 'A', 1);
        for (uint32_t y = 0; y < screen.height; y++)
            for (uint32_t x = 0; x < screen.width; x++)
                assert_int_equal(pixel(memory, &screen, x, y), filled_pixel(&layout, x, y));
        free(memory);
    }
}

/* Smaller than 80 x 26 cells: the upper left part, and not a byte beyond the buffer (AddressSanitizer watches). */
static void small_screens_are_clipped(void **state)
{
    (void)state;
    draw_on_small_screens(3);
    draw_on_small_screens(4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_and_size),
        cmocka_unit_test(small_screens_are_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
