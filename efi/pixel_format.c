/*
 * pixel_format.c - decode GOP's formats (PURE).
 */
#include "pixel_format.h"

static uint32_t bits_used(uint32_t mask)
{
    uint32_t bits = 0;
    for (; mask; mask >>= 1)
        bits++;
    return bits;
}

static int set_masks(struct boot_framebuffer *framebuffer, uint32_t format, const uint32_t masks[4])
{
    uint32_t all;

    framebuffer->bytes_per_pixel = 4;
    framebuffer->green_mask = 0x00FF00;
    switch (format) {
    case PIXEL_RGB:     /* byte 0 is red: the low byte of a little-endian pixel */
        framebuffer->red_mask = 0x0000FF;
        framebuffer->blue_mask = 0xFF0000;
        return 1;
    case PIXEL_BGR:
        framebuffer->red_mask = 0xFF0000;
        framebuffer->blue_mask = 0x0000FF;
        return 1;
    case PIXEL_BIT_MASK:
        framebuffer->red_mask = masks[0];
        framebuffer->green_mask = masks[1];
        framebuffer->blue_mask = masks[2];
        all = masks[0] | masks[1] | masks[2] | masks[3];
        framebuffer->bytes_per_pixel = (bits_used(all) + 7) / 8;
        return masks[0] && masks[1] && masks[2] && framebuffer->bytes_per_pixel >= 2;
    default:
        return 0;
    }
}

int pixel_format_describe(struct boot_framebuffer *framebuffer, uint32_t format, const uint32_t masks[4],
                          uint32_t pixels_per_line)
{
    int drawable = set_masks(framebuffer, format, masks) && framebuffer->address && framebuffer->width &&
                   pixels_per_line >= framebuffer->width;
    if (drawable) {
        framebuffer->pitch = pixels_per_line * framebuffer->bytes_per_pixel;
        uint64_t lines = framebuffer->size / framebuffer->pitch;
        if (framebuffer->height > lines)
            framebuffer->height = (uint32_t)lines;
    }
    if (!drawable || !framebuffer->height) {
        framebuffer->width = 0;
        return 0;
    }
    return 1;
}
