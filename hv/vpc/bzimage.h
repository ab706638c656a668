/*
 * bzimage.h - a Linux kernel, started by the 32-bit boot protocol (PURE).
 *
 * Source: Linux Documentation "The Linux/x86 Boot Protocol", "32-bit Boot Protocol", "Zero Page".
 */
#ifndef VPC_BZIMAGE_H
#define VPC_BZIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vpc/firmware.h"
#include "vpc/multiboot.h"

#define BZIMAGE_ZERO_PAGE_BYTES 4096u

struct bzimage {
    uint32_t setup_bytes;           /* of the file: the header and the real-mode code, which is not run */
    uint32_t initrd_max;            /* the highest address that an initrd may have */
};

/* Has it the header of one? */
bool bzimage_is_one(const uint8_t *image, uint64_t image_bytes);

/* Its parts, as for a Multiboot kernel. False: reason says what is wrong. */
bool bzimage_parse(const uint8_t *image, uint64_t image_bytes, uint32_t memory_bytes, struct multiboot_image *parsed,
                   struct bzimage *bzimage, char *reason, size_t reason_bytes);

/* The page that ESI points to at the start. */
void bzimage_zero_page(const uint8_t *image, uint32_t command_line_at, uint32_t initrd_at, uint32_t initrd_bytes,
                       uint32_t memory_bytes, uint8_t page[BZIMAGE_ZERO_PAGE_BYTES]);

/*
 * The same page tells of a screen in text mode 3, its cursor at the top, as a BIOS leaves it. A kernel whose command
 * line has serial consoles only gets none: what it, or its unpacker, put there would take the console from the serial
 * line (display.h).
 */
void bzimage_give_screen(uint8_t page[BZIMAGE_ZERO_PAGE_BYTES], const char *command_line);

#endif
