/*
 * boot_files.h - a file to start a virtual PC with, which the test writes byte by byte: Multiboot headers, and an ELF
 * file with one.
 */
#ifndef BOOT_FILES_H
#define BOOT_FILES_H

#include <stdint.h>

#define FILE_BYTES 12288u
#define KERNEL_AT 0x100000u
#define ADDRESSES 0x00010000u   /* the flag of a header whose own fields say where it goes */

extern uint8_t file[FILE_BYTES];

void put(uint32_t at, uint32_t value, unsigned bytes);
uint32_t get(const uint8_t *bytes, uint32_t at);

void put_header(uint32_t at, uint32_t flags);
/* Whose own fields say where it goes: header, load, end of load, end of bss, entry. */
void put_addresses(uint32_t at, uint32_t header, uint32_t load, uint32_t load_end, uint32_t bss_end);
/* An ELF32 with so many segments of 64 bytes, each 4 KiB behind the one before it. */
void put_elf(unsigned segments);

#endif
