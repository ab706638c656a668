/*
 * boot_files.c - Multiboot headers and ELF files byte by byte, for boot_files.h.
 */
#include "boot_files.h"

#include <string.h>

#define MAGIC 0x1BADB002u

uint8_t file[FILE_BYTES];

void put(uint32_t at, uint32_t value, unsigned bytes)
{
    memcpy(file + at, &value, bytes);
}

uint32_t get(const uint8_t *bytes, uint32_t at)
{
    uint32_t value;

    memcpy(&value, bytes + at, sizeof(value));
    return value;
}

void put_header(uint32_t at, uint32_t flags)
{
    put(at, MAGIC, 4);
    put(at + 4, flags, 4);
    put(at + 8, 0u - MAGIC - flags, 4);
}

void put_addresses(uint32_t at, uint32_t header, uint32_t load, uint32_t load_end, uint32_t bss_end)
{
    memset(file, 0, sizeof(file));
    put_header(at, ADDRESSES);
    put(at + 12, header, 4);
    put(at + 16, load, 4);
    put(at + 20, load_end, 4);
    put(at + 24, bss_end, 4);
    put(at + 28, load, 4);
}

void put_elf(unsigned segments)
{
    memset(file, 0, sizeof(file));
    put(0, 0x464C457F, 4);
    put(4, 0x0101, 2);
    put(18, 3, 2);
    put(24, KERNEL_AT, 4);
    put(28, 52, 4);
    put(42, 32, 2);
    put(44, segments, 2);
    for (unsigned i = 0; i < segments; i++) {
        put(52 + 32 * i, 1, 4);
        put(52 + 32 * i + 4, 8192, 4);
        put(52 + 32 * i + 8, KERNEL_AT + 4096 * i, 4);
        put(52 + 32 * i + 12, KERNEL_AT + 4096 * i, 4);
        put(52 + 32 * i + 16, 64, 4);
        put(52 + 32 * i + 20, 64, 4);
    }
    put_header(4096, 3);
}
