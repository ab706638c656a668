/*
 * elf32.h - guest images (PURE): check an ELF32 i386 executable and say what to load where.
 */
#ifndef GUEST_ELF32_H
#define GUEST_ELF32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF32_SEGMENTS_MAX 32

struct elf32_segment {
    uint32_t file_offset, file_bytes;   /* checked to lie inside the image */
    uint32_t address, memory_bytes;     /* checked to lie inside guest RAM; file_bytes <= memory_bytes; never 0 */
};

struct elf32_image {
    uint32_t entry;
    unsigned segment_count;
    struct elf32_segment segments[ELF32_SEGMENTS_MAX];
};

/*
 * Check everything about an image for a guest of memory_bytes RAM. False: reason (size reason_bytes) says exactly what
 * is wrong and with which numbers ("segment 2 at 0x01700000..0x01900000 lies outside the guest's 24 MiB of RAM").
 * Refused: not ELF, truncated headers or segments, 64-bit, wrong machine, not ET_EXEC, more than 1,024 program headers,
 * no PT_LOAD, too many segments, p_paddr != p_vaddr, p_filesz > p_memsz, outside RAM, overlapping segments, entry
 * outside every segment, big-endian.
 */
bool elf32_parse(const void *image, uint64_t image_bytes, uint32_t memory_bytes, struct elf32_image *parsed,
                 char *reason, size_t reason_bytes);

#endif
