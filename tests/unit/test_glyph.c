/*
 * test_glyph.c - screens full of cells on fake framebuffers of every pixel format, compared with pictures that are
 * painted pixel by pixel from the fonts' bitmaps: the same pixels, and nothing else is touched.
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

/* From the same font files as hv/io/font.h's tables, by another way: scripts/mkfont.py --bitmaps. */
extern const uint16_t bitmaps_8x16[256 * 16], bitmaps_12x24[256 * 24], bitmaps_16x32[256 * 32];
static const uint16_t *const bitmaps[FONT_COUNT] = { bitmaps_8x16, bitmaps_12x24, bitmaps_16x32 };

#define GUARD 0x5A
#define CURSOR_COLUMN 11

enum { SMALL, MIDDLE, LARGE };

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

/* A screen, and the layout that is wanted for it. */
struct size {
    uint32_t width, height;
    unsigned font;
    uint32_t scale, lines;
};

static const struct size sizes[] = {
    { 640, 416, SMALL, 1, 16 },    { 640, 400, SMALL, 1, 15 },    { 640, 480, SMALL, 1, 16 },
    { 800, 600, SMALL, 1, 16 },    { 1024, 768, MIDDLE, 1, 24 },  { 1080, 1920, MIDDLE, 1, 24 },
    { 1280, 720, MIDDLE, 1, 24 },  { 1366, 768, MIDDLE, 1, 24 },  { 1280, 800, LARGE, 1, 30 },
    { 1280, 1024, LARGE, 1, 32 },  { 1920, 1080, LARGE, 1, 32 },  { 1920, 1200, MIDDLE, 2, 23 },
    { 2560, 1600, LARGE, 2, 30 },  { 3840, 2160, LARGE, 2, 32 },
};

/* Too small for any font: the upper left part. */
static const struct size small_sizes[] = {
    { 320, 200, SMALL, 1, 15 }, { 1, 1, SMALL, 1, 15 },  { 639, 415, SMALL, 1, 15 },
    { 800, 10, SMALL, 1, 15 },  { 7, 600, SMALL, 1, 16 },
};

/* Every character, in all colours. */
static uint16_t cell_at(unsigned row, unsigned column)
{
    unsigned index = row * GLYPH_COLUMNS + column;
    return (uint16_t)((index * 7 & 0xFF) | (index * 37 & 0xFF) << 8);
}

static void store(uint8_t *at, uint32_t value, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* The pixel of a screen full of cells, the cursor in one column. */
static uint32_t wanted_pixel(const struct glyph_layout *layout, const struct size *size, uint32_t x, uint32_t y)
{
    const struct font *font = &fonts[size->font];
    uint32_t left = (x - layout->left) / size->scale, top = (y - layout->top) / size->scale;
    unsigned row = top / size->lines, column = left / font->width, line = top % size->lines;

    if (x < layout->left || y < layout->top || row >= GLYPH_ROWS || column >= GLYPH_COLUMNS)
        return 0;
    uint16_t cell = cell_at(row, column);
    bool on = bitmaps[size->font][(cell & 0xFF) * font->height + line] >> (font->width - 1 - left % font->width) & 1;
    on |= column == CURSOR_COLUMN && line >= size->lines - font->height / 8;
    return layout->colours[on ? cell >> 8 & 15 : cell >> 12];
}

static void paint(uint8_t *memory, const struct glyph_layout *layout, const struct size *size)
{
    const struct boot_framebuffer *screen = &layout->screen;

    for (uint32_t y = 0; y < screen->height; y++)
        for (uint32_t x = 0; x < screen->width; x++)
            store(memory + (size_t)y * screen->pitch + (size_t)x * screen->bytes_per_pixel,
                  wanted_pixel(layout, size, x, y), screen->bytes_per_pixel);
}

static void compare(const struct format *format, const struct size *size)
{
    struct boot_framebuffer screen = { .width = size->width, .height = size->height,
        .pitch = (size->width + 5) * format->bytes, .bytes_per_pixel = format->bytes, .red_mask = format->red,
        .green_mask = format->green, .blue_mask = format->blue };
    size_t bytes = (size_t)screen.pitch * size->height;
    uint8_t *drawn = malloc(bytes), *wanted = malloc(bytes);
    struct glyph_layout layout;

    memset(drawn, GUARD, bytes);
    memset(wanted, GUARD, bytes);
    glyph_choose_layout(&layout, &screen, drawn);
    assert_ptr_equal(layout.font, &fonts[size->font]);
    assert_int_equal(layout.scale, size->scale);
    assert_int_equal(layout.lines, size->lines);
    assert_int_equal(layout.colours[15], format->white);
    assert_int_equal(layout.colours[1], format->blue_colour);
    glyph_clear(&layout);
    for (unsigned row = 0; row < GLYPH_ROWS; row++)
        for (unsigned column = 0; column < GLYPH_COLUMNS; column++)
            glyph_draw(&layout, row, column, cell_at(row, column), column == CURSOR_COLUMN);
    paint(wanted, &layout, size);
    assert_memory_equal(drawn, wanted, bytes);
    free(drawn);
    free(wanted);
}

static void every_format_and_size(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        for (unsigned j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
            compare(&formats[i], &sizes[j]);
}

/* Smaller than 80 x 26 cells: the upper left part, and not a byte beyond the buffer (AddressSanitizer watches). */
static void small_screens_are_clipped(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        for (unsigned j = 0; j < sizeof(small_sizes) / sizeof(small_sizes[0]); j++)
            compare(&formats[i], &small_sizes[j]);
}

/* Whatever the screen's size: cells fit if any font's do. */
static void every_screen_has_a_layout(void **state)
{
    (void)state;
    for (uint32_t width = 640; width < 16000; width += 97) {
        for (uint32_t height = 390; height < 9000; height += 53) {
            struct boot_framebuffer screen = { .width = width, .height = height, .pitch = width * 4,
                                               .bytes_per_pixel = 4 };
            struct glyph_layout layout;
            glyph_choose_layout(&layout, &screen, NULL);
            assert_in_range(layout.scale, 1, 8);
            assert_in_range(layout.lines, layout.font->height - layout.font->height / 16, layout.font->height);
            assert_in_range(layout.font->width * layout.scale * GLYPH_COLUMNS, 640, width);
            assert_in_range(layout.lines * layout.scale * GLYPH_ROWS, 390, height);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_and_size),
        cmocka_unit_test(small_screens_are_clipped),
        cmocka_unit_test(every_screen_has_a_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
