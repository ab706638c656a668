/*
 * glyph.c - lay out and draw cells (PURE).
 */
#include "io/glyph.h"

#include <stdbool.h>

#include "base/string.h"
#include "io/font.h"

#define CURSOR_LINES 2
#define SCALE_WORDS_MAX 16      /* of screens that are drawn by words: 10,240 pixels wide */

typedef uint64_t __attribute__((aligned(4), may_alias)) word_t;

/* The VGA's sixteen colours, 0xRRGGBB. */
static const uint32_t palette[16] = {
    0x000000, 0x0000AA, 0x00AA00, 0x00AAAA, 0xAA0000, 0xAA00AA, 0xAA5500, 0xAAAAAA,
    0x555555, 0x5555FF, 0x55FF55, 0x55FFFF, 0xFF5555, 0xFF55FF, 0xFFFF55, 0xFFFFFF,
};

/* An 8-bit channel moved to where the mask is, in as many bits as it has. */
static uint32_t channel(uint32_t value, uint32_t mask)
{
    if (mask == 0)
        return 0;
    unsigned shift = (unsigned)__builtin_ctz(mask), width = 0;
    while (shift + width < 32 && (mask >> (shift + width) & 1))
        width++;
    uint32_t scaled = width >= 8 ? value << (width - 8) : value >> (8 - width);
    return scaled << shift & mask;
}

static uint32_t pack(const struct boot_framebuffer *screen, uint32_t colour)
{
    return channel(colour >> 16 & 0xFF, screen->red_mask) | channel(colour >> 8 & 0xFF, screen->green_mask) |
           channel(colour & 0xFF, screen->blue_mask);
}

static bool fits(const struct boot_framebuffer *screen, uint32_t scale, uint32_t lines)
{
    return GLYPH_COLUMNS * FONT_WIDTH * scale <= screen->width && GLYPH_ROWS * lines * scale <= screen->height;
}

void glyph_choose_layout(struct glyph_layout *layout, const struct boot_framebuffer *screen, void *pixels)
{
    *layout = (struct glyph_layout){ .screen = *screen, .pixels = pixels, .scale = 1, .lines = FONT_HEIGHT };
    while (fits(screen, layout->scale + 1, FONT_HEIGHT - 1))
        layout->scale++;
    if (!fits(screen, layout->scale, FONT_HEIGHT))
        layout->lines = FONT_HEIGHT - 1;
    uint32_t width = GLYPH_COLUMNS * FONT_WIDTH * layout->scale, height = GLYPH_ROWS * layout->lines * layout->scale;
    layout->left = screen->width > width ? (screen->width - width) / 2 : 0;
    layout->top = screen->height > height ? (screen->height - height) / 2 : 0;
    for (unsigned i = 0; i < 16; i++)
        layout->colours[i] = pack(screen, palette[i]);
}

static void store_pixel(uint8_t *at, uint32_t value, uint32_t bytes)
{
    switch (bytes) {
    case 4:
        *(uint32_t *)(void *)at = value;
        return;
    case 3:
        at[2] = (uint8_t)(value >> 16);
        __attribute__((fallthrough));
    default:
        at[0] = (uint8_t)value;
        at[1] = (uint8_t)(value >> 8);
    }
}

/* Two pixels beside each other, in memory's order. */
static uint64_t pixels(uint32_t left, uint32_t right)
{
    return (uint64_t)right << 32 | left;
}

/* One font line, scale times below each other: any format, and clipped. */
static void draw_line(const struct glyph_layout *layout, uint32_t x, uint32_t y, uint8_t bits, uint32_t on,
                      uint32_t off)
{
    const struct boot_framebuffer *screen = &layout->screen;
    uint32_t width = FONT_WIDTH * layout->scale;

    if (x >= screen->width)
        return;
    if (width > screen->width - x)
        width = screen->width - x;
    for (uint32_t line = y; line < y + layout->scale && line < screen->height; line++) {
        uint8_t *at = layout->pixels + (uint64_t)line * screen->pitch + (uint64_t)x * screen->bytes_per_pixel;
        for (uint32_t i = 0; i < width; i++, at += screen->bytes_per_pixel)
            store_pixel(at, bits >> (7 - i / layout->scale) & 1 ? on : off, screen->bytes_per_pixel);
    }
}

/*
 * A whole cell of 32-bit pixels, all of it on the screen: what nearly every screen has, and most of the time that
 * drawing takes. Two pixels a store.
 */
static void draw_words(const struct glyph_layout *layout, uint8_t *at, const uint8_t *glyph, uint32_t on, uint32_t off)
{
    const uint64_t pairs[4] = { pixels(off, off), pixels(off, on), pixels(on, off), pixels(on, on) };

    for (uint32_t line = 0; line < layout->lines; line++, at += layout->screen.pitch) {
        unsigned bits = glyph[line];
        word_t *to = (word_t *)(void *)at;
        to[0] = pairs[bits >> 6];
        to[1] = pairs[bits >> 4 & 3];
        to[2] = pairs[bits >> 2 & 3];
        to[3] = pairs[bits & 3];
    }
}

/* The same with each font pixel two pixels wide and high, as on most screens of PCs. */
static void draw_doubled(const struct glyph_layout *layout, uint8_t *at, const uint8_t *glyph, uint32_t on,
                         uint32_t off)
{
    const uint64_t words[2] = { pixels(off, off), pixels(on, on) };

    for (uint32_t line = 0; line < layout->lines; line++, at += 2 * layout->screen.pitch) {
        unsigned bits = glyph[line];
        word_t *upper = (word_t *)(void *)at, *lower = (word_t *)(void *)(at + layout->screen.pitch);
        for (unsigned i = 0; i < FONT_WIDTH; i++)
            upper[i] = lower[i] = words[bits >> (FONT_WIDTH - 1 - i) & 1];
    }
}

/* The same with each font pixel scale pixels wide and high. */
static void draw_scaled(const struct glyph_layout *layout, uint8_t *at, const uint8_t *glyph, uint32_t on, uint32_t off)
{
    uint32_t line_pixels[FONT_WIDTH * SCALE_WORDS_MAX];

    for (uint32_t line = 0; line < layout->lines; line++) {
        uint32_t *to = line_pixels;
        for (unsigned mask = 0x80; mask; mask >>= 1)
            for (uint32_t i = 0; i < layout->scale; i++)
                *to++ = glyph[line] & mask ? on : off;
        for (uint32_t i = 0; i < layout->scale; i++, at += layout->screen.pitch)
            memcpy(at, line_pixels, FONT_WIDTH * layout->scale * sizeof(uint32_t));
    }
}

/* Whether the three above can draw the cell whose first pixel is x, y. */
static bool is_plain(const struct glyph_layout *layout, uint32_t x, uint32_t y)
{
    const struct boot_framebuffer *screen = &layout->screen;

    return screen->bytes_per_pixel == 4 && layout->scale <= SCALE_WORDS_MAX &&
           x + FONT_WIDTH * layout->scale <= screen->width && y + layout->lines * layout->scale <= screen->height;
}

void glyph_draw(const struct glyph_layout *layout, unsigned row, unsigned column, uint16_t cell, int cursor)
{
    uint32_t on = layout->colours[cell >> 8 & 15], off = layout->colours[cell >> 12 & 15];
    uint32_t x = layout->left + column * FONT_WIDTH * layout->scale;
    uint32_t y = layout->top + row * layout->lines * layout->scale;
    const uint8_t *glyph = font_glyphs[cell & 0xFF];
    uint8_t underlined[FONT_HEIGHT];

    if (cursor) {
        memcpy(underlined, glyph, sizeof(underlined));
        memset(&underlined[layout->lines - CURSOR_LINES], 0xFF, CURSOR_LINES);
        glyph = underlined;
    }
    if (is_plain(layout, x, y)) {
        uint8_t *at = layout->pixels + (uint64_t)y * layout->screen.pitch + (uint64_t)x * sizeof(uint32_t);
        (layout->scale == 1 ? draw_words : layout->scale == 2 ? draw_doubled : draw_scaled)(layout, at, glyph, on, off);
        return;
    }
    for (uint32_t line = 0; line < layout->lines; line++, y += layout->scale)
        draw_line(layout, x, y, glyph[line], on, off);
}

/* Black is 0 in every format. Line by line: what lies between two lines is not ours. */
void glyph_clear(const struct glyph_layout *layout)
{
    const struct boot_framebuffer *screen = &layout->screen;
    for (uint32_t y = 0; y < screen->height; y++)
        memset(layout->pixels + (uint64_t)y * screen->pitch, 0, (uint64_t)screen->width * screen->bytes_per_pixel);
}
