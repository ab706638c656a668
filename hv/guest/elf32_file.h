/*
 * elf32_file.h - the headers of an ELF file for 32-bit processors, as they are in the file.
 */
#ifndef GUEST_ELF32_FILE_H
#define GUEST_ELF32_FILE_H

#include <stdint.h>

/* System V ABI, "ELF Header" and "Program Header", in their 32-bit forms. */
struct elf32_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, program_offset, section_offset, flags;
    uint16_t header_bytes, program_entry_bytes, program_count;
    uint16_t section_entry_bytes, section_count, section_names;
};

struct elf32_program_header {
    uint32_t type, offset, virtual_address, physical_address, file_bytes, memory_bytes, flags, alignment;
};

_Static_assert(sizeof(struct elf32_header) == 52, "as in the file");
_Static_assert(sizeof(struct elf32_program_header) == 32, "as in the file");

#endif
