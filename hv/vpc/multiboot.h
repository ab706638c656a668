/*
 * multiboot.h - a kernel that a Multiboot 1 loader would start (PURE).
 *
 * Source: Multiboot Specification 0.6.96, "The layout of Multiboot header", "Machine state", "Boot information format".
 */
#ifndef VPC_MULTIBOOT_H
#define VPC_MULTIBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MULTIBOOT_PARTS 32u

/* Bytes that go to physical memory, in the order in which they are put there; zeroes behind them. */
struct boot_part {
    uint32_t address, bytes;        /* bytes of from */
    const uint8_t *from;
};

struct multiboot_image {
    uint32_t entry;
    uint32_t end;                   /* the first address behind all of it */
    unsigned part_count;
    struct boot_part parts[MULTIBOOT_PARTS];
};

/* Has it a header, good or bad? */
bool multiboot_has_header(const void *image, uint64_t image_bytes);

/*
 * Check a kernel for a machine of so much RAM. False: reason says exactly what is wrong. Parts point into the image.
 * Both ways of the header are taken: the segments of an ELF32, by their physical addresses, or the fields of the header
 * itself (flag 16). An ELF's entry is found by the addresses that it is linked for, as GRUB does; an entry that is none
 * of those is physical.
 */
bool multiboot_parse(const void *image, uint64_t image_bytes, uint32_t memory_bytes, struct multiboot_image *parsed,
                     char *reason, size_t reason_bytes);

#endif
