/*
 * elf32.h - guest images (PURE): check an ELF32 i386 executable and say what to load where; its symbols.
 */
#ifndef GUEST_ELF32_H
#define GUEST_ELF32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF32_SEGMENTS_MAX 32
#define IMAGE_SYMBOLS_MAX_BYTES 32768

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
 * Refused: not ELF, truncated headers or segments, 64-bit, wrong machine, not ET_EXEC, no PT_LOAD, too many segments,
 * p_paddr != p_vaddr, p_filesz > p_memsz, outside RAM, overlapping segments, entry outside every segment, big-endian.
 */
bool elf32_parse(const void *image, uint64_t image_bytes, uint32_t memory_bytes, struct elf32_image *parsed,
                 char *reason, size_t reason_bytes);

/* Function and label names of an image, sorted by address, copied out so that the image need not stay. */
struct image_symbols {
    uint32_t count;
    uint32_t storage_bytes;
    void *storage;          /* provided by the owner, or NULL: no symbols */
};

/* Storage that holds all names of an image, at most IMAGE_SYMBOLS_MAX_BYTES; 0: there are none. */
uint32_t image_symbols_bytes(const void *image, uint64_t image_bytes);

/* Fill symbols->storage from .symtab/.strtab; count stays 0 when there is none or it is malformed. Never fails. */
void image_symbols_load(struct image_symbols *symbols, const void *image, uint64_t image_bytes);

/* The name of the symbol at or next below address, at most 1 MiB below; NULL: none. offset receives the distance. */
const char *image_symbols_find(const struct image_symbols *symbols, uint32_t address, uint32_t *offset);

#endif
