/*
 * glyph.c - lay out and draw cells (PURE).
 */
#include "io/glyph.h"

#include "base/string.h"

#define CURSOR_PART 8           /* of a cell's lines one is the cursor's */
#define CUT_PART 16             /* and one may be left out, at the bottom */
#define SCALE_MAX 8             /* of the largest font: screens 10,240 pixels wide */
#define BYTES_MAX 4             /* of a pixel */
#define SMALL_LINE 32           /* bytes of a line of the small font at scale 1: most of what slow screens have */

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

/* The largest scale at which a font's cells fit, the cut ones, too. 0: none. */
static uint32_t largest_scale(const struct boot_framebuffer *screen, const struct font *font)
{
    uint32_t wide = screen->width / (GLYPH_COLUMNS * font->width);
    uint32_t high = screen->height / (GLYPH_ROWS * (font->height - font->height / CUT_PART));
    uint32_t scale = wide < high ? wide : high;

    return scale < SCALE_MAX ? scale : SCALE_MAX;
}

static void choose_font(struct glyph_layout *layout)
{
    uint32_t widest = 0;

    for (const struct font *font = fonts; font < fonts + FONT_COUNT; font++) {
        uint32_t width = font->width * largest_scale(&layout->screen, font);
        widest = width > widest ? width : widest;
    }
    for (const struct font *font = fonts; font < fonts + FONT_COUNT; font++) {
        uint32_t scale = largest_scale(&layout->screen, font);
        if (scale == 0 || 4 * font->width * scale < 3 * widest)
            continue;
        layout->font = font;
        layout->scale = scale;
    }
}

void glyph_choose_layout(struct glyph_layout *layout, const struct boot_framebuffer *screen, void *pixels)
{
    *layout = (struct glyph_layout){ .screen = *screen, .pixels = pixels, .font = &fonts[0], .scale = 1 };
    choose_font(layout);
    const struct font *font = layout->font;
    layout->lines = screen->height / (GLYPH_ROWS * layout->scale);
    if (layout->lines > font->height)
        layout->lines = font->height;
    if (layout->lines < font->height - font->height / CUT_PART)
        layout->lines = font->height - font->height / CUT_PART;
    uint32_t width = GLYPH_COLUMNS * font->width * layout->scale, height = GLYPH_ROWS * layout->lines * layout->scale;
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

/* A cell being drawn: where its next line goes, and what of it is on the screen. */
struct pen {
    const struct glyph_layout *layout;
    uint8_t *at;
    uint32_t bytes, rows;           /* of each line of pixels, and how many of these are left */
    uint32_t on, off;
    uint64_t pairs[4], doubled[2];  /* two 32-bit pixels, for each two bits, and for each bit of a pattern */
};

/* A line of a glyph as pixels of any format. */
static void make_line(const struct pen *pen, unsigned bits, uint8_t *to)
{
    uint32_t bytes = pen->layout->screen.bytes_per_pixel;

    for (unsigned mask = 1u << (pen->layout->font->width - 1); mask; mask >>= 1)
        for (uint32_t i = 0; i < pen->layout->scale; i++, to += bytes)
            store_pixel(to, bits & mask ? pen->on : pen->off, bytes);
}

/* The same of 32-bit pixels, as most screens have: two a store. Lines of an odd scale end with one too many. */
static void make_line_of_words(const struct pen *pen, unsigned bits, uint8_t *to)
{
    uint32_t scale = pen->layout->scale;
    int top = (int)pen->layout->font->width - 1;
    word_t *words = (word_t *)(void *)to;

    if (scale == 1) {
        for (int shift = top - 1; shift >= 0; shift -= 2)
            *words++ = pen->pairs[bits >> shift & 3];
    } else if (scale == 2) {
        for (int shift = top; shift >= 0; shift--)
            *words++ = pen->doubled[bits >> shift & 1];
    } else {
        for (int shift = top; shift >= 0; shift--, to += scale * sizeof(uint32_t)) {
            words = (word_t *)(void *)to;
            for (uint32_t i = 0; i < scale; i += 2)
                *words++ = pen->doubled[bits >> shift & 1];
        }
    }
}

/* Lines of a glyph that look the same: made once, and copied to every row of pixels that they are. */
static void draw_lines(struct pen *pen, unsigned bits, uint32_t lines)
{
    word_t line[(FONT_WIDTH_MAX * SCALE_MAX + 1) * BYTES_MAX / sizeof(word_t) + 1];
    uint32_t rows = lines * pen->layout->scale, pitch = pen->layout->screen.pitch;

    if (rows > pen->rows)
        rows = pen->rows;
    pen->rows -= rows;
    (pen->layout->screen.bytes_per_pixel == 4 ? make_line_of_words : make_line)(pen, bits, (uint8_t *)line);
    for (; rows > 0; rows--, pen->at += pitch) {
        if (pen->bytes == SMALL_LINE)
            __builtin_memcpy(pen->at, line, SMALL_LINE);        /* four stores */
        else
            memcpy(pen->at, line, pen->bytes);
    }
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
    return value < limit ? value : limit;
}

void glyph_draw(const struct glyph_layout *layout, unsigned row, unsigned column, uint16_t cell, int cursor)
{
    const struct boot_framebuffer *screen = &layout->screen;
    const struct font *font = layout->font;
    uint32_t on = layout->colours[cell >> 8 & 15], off = layout->colours[cell >> 12 & 15];
    uint32_t x = layout->left + column * font->width * layout->scale;
    uint32_t y = layout->top + row * layout->lines * layout->scale;

    if (x >= screen->width || y >= screen->height)
        return;
    struct pen pen = {
        .layout = layout,
        .at = layout->pixels + (uint64_t)y * screen->pitch + (uint64_t)x * screen->bytes_per_pixel,
        .bytes = at_most(font->width * layout->scale, screen->width - x) * screen->bytes_per_pixel,
        .rows = screen->height - y,
        .on = on,
        .off = off,
        .pairs = { pixels(off, off), pixels(off, on), pixels(on, off), pixels(on, on) },
        .doubled = { pixels(off, off), pixels(on, on) },
    };
    uint32_t left = layout->lines - (cursor ? font->height / CURSOR_PART : 0);
    for (const uint16_t *run = &font->runs[font->first[cell & 0xFF]]; left > 0; run++) {
        uint32_t lines = at_most(*run & ((1u << FONT_RUN_LINES_BITS) - 1), left);
        draw_lines(&pen, font->patterns[*run >> FONT_RUN_LINES_BITS], lines);
        left -= lines;
    }
    if (cursor)
        draw_lines(&pen, (1u << font->width) - 1, font->height / CURSOR_PART);
}

/* Black is 0 in every format. Line by line: what lies between two lines is not ours. */
void glyph_clear(const struct glyph_layout *layout)
{
    const struct boot_framebuffer *screen = &layout->screen;
    for (uint32_t y = 0; y < screen->height; y++)
        memset(layout->pixels + (uint64_t)y * screen->pitch, 0, (uint64_t)screen->width * screen->bytes_per_pixel);
}
