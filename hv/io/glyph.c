/*
 * glyph.c - lay out and draw cells (PURE).
 */
#include "io/glyph.h"

#include <stdbool.h>

#include "base/string.h"
#include "io/font.h"

#define CURSOR_LINES 2

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

/* A whole font line of 32-bit pixels: what nearly every screen has, and most of the time that drawing takes. */
static void draw_words(uint32_t *at, uint8_t bits, uint32_t scale, uint32_t on, uint32_t off)
{
    for (uint32_t mask = 0x80; mask; mask >>= 1) {
        uint32_t colour = bits & mask ? on : off;
        for (uint32_t i = 0; i < scale; i++)
            *at++ = colour;
    }
}

/* One font line, scale times below each other. */
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
        if (screen->bytes_per_pixel == 4 && width == FONT_WIDTH * layout->scale) {
            draw_words((uint32_t *)(void *)at, bits, layout->scale, on, off);
            continue;
        }
        for (uint32_t i = 0; i < width; i++, at += screen->bytes_per_pixel)
            store_pixel(at, bits >> (7 - i / layout->scale) & 1 ? on : off, screen->bytes_per_pixel);
    }
}

void glyph_draw(const struct glyph_layout *layout, unsigned row, unsigned column, uint16_t cell, int cursor)
{
    uint32_t on = layout->colours[cell >> 8 & 15], off = layout->colours[cell >> 12 & 15];
    uint32_t x = layout->left + column * FONT_WIDTH * layout->scale;
    uint32_t y = layout->top + row * layout->lines * layout->scale;

    for (uint32_t line = 0; line < layout->lines; line++, y += layout->scale) {
        uint8_t bits = font_glyphs[cell & 0xFF][line];
        if (cursor && line >= layout->lines - CURSOR_LINES)
            bits = 0xFF;
        draw_line(layout, x, y, bits, on, off);
    }
}

/* Black is 0 in every format. Line by line: what lies between two lines is not ours. */
void glyph_clear(const struct glyph_layout *layout)
{
    const struct boot_framebuffer *screen = &layout->screen;
    for (uint32_t y = 0; y < screen->height; y++)
        memset(layout->pixels + (uint64_t)y * screen->pitch, 0, (uint64_t)screen->width * screen->bytes_per_pixel);
}
