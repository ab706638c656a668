/*
 * pixel_format.h - GOP's pixel formats as masks and a size (PURE).
 */
#ifndef EFI_PIXEL_FORMAT_H
#define EFI_PIXEL_FORMAT_H

#include <stdint.h>

#include "boot_info.h"

/* UEFI specification "EFI_GRAPHICS_OUTPUT_PROTOCOL": EFI_GRAPHICS_PIXEL_FORMAT. */
enum pixel_format { PIXEL_RGB, PIXEL_BGR, PIXEL_BIT_MASK, PIXEL_BLT_ONLY };

/*
 * Fill masks, bytes_per_pixel and pitch for a format; masks (red, green, blue, reserved) count for PIXEL_BIT_MASK only.
 * The height is cut to what size bytes hold. Returns 0, with width 0, when such a framebuffer cannot be drawn on.
 */
int pixel_format_describe(struct boot_framebuffer *framebuffer, uint32_t format, const uint32_t masks[4],
                          uint32_t pixels_per_line);

#endif
