/*
 * load.c - what rides along in cobble.efi: hv.elf, an ELF64 that we built ourselves, copied to one block of memory as
 * it is linked, and the ramdisk.
 *
 * hv.elf is ours and not checked again; a guest's image is checked by hv/guest/elf32.c. The file itself is handed over,
 * too: a panic names functions by its symbols.
 */
#include "efi_app.h"
#include "pe_section.h"

/* ELF-64 Object File Format: the fields used, in our own names. */
struct elf64_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t size, program_header_size, program_header_count;
};

struct elf64_program_header {
    uint32_t type, flags;
    uint64_t offset, virtual, physical, file_bytes, memory_bytes, align;
};

#define PT_LOAD 1

extern const char payload_hv[], payload_hv_end[];

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;

static const struct elf64_program_header *segment(unsigned index)
{
    const struct elf64_header *header = (const void *)payload_hv;
    return (const void *)(payload_hv + header->program_headers + (uint64_t)index * header->program_header_size);
}

static uint64_t copy_out(const void *start, uint64_t bytes)
{
    uint64_t address = memory_alloc_to_fill(bytes);
    if (address)
        efi_boot->CopyMem((void *)address, (void *)start, bytes);
    return address;
}

int load_ramdisk(EFI_HANDLE image, struct boot_info *info)
{
    EFI_LOADED_IMAGE_PROTOCOL *loaded;

    if (efi_boot->HandleProtocol(image, &loaded_image_guid, (void **)&loaded))
        return 0;
    struct pe_section section = pe_section_find(loaded->ImageBase, loaded->ImageSize, ".ramdisk");
    if (!section.size) {
        note("no ramdisk: guests from the boot volume only", NULL);
        return 1;
    }
    info->ramdisk_size = section.size;
    info->ramdisk = copy_out((const char *)loaded->ImageBase + section.offset, section.size);
    return info->ramdisk != 0;
}

uint64_t load_hv(struct boot_info *info)
{
    const struct elf64_header *header = (const void *)payload_hv;
    uint64_t end = BOOT_HV_BASE;

    for (unsigned i = 0; i < header->program_header_count; i++)
        if (segment(i)->type == PT_LOAD && segment(i)->virtual + segment(i)->memory_bytes > end)
            end = segment(i)->virtual + segment(i)->memory_bytes;
    info->hv_image_size = (end - BOOT_HV_BASE + 4095) & ~4095ull;
    info->hv_image = memory_alloc(info->hv_image_size, 0);
    info->hv_elf_size = (uint64_t)(payload_hv_end - payload_hv);
    info->hv_elf = copy_out(payload_hv, info->hv_elf_size);
    if (!info->hv_image || !info->hv_elf)
        return 0;
    /* Only what the file has: memory_alloc gives zeroes, so .bss is there already. */
    for (unsigned i = 0; i < header->program_header_count; i++)
        if (segment(i)->type == PT_LOAD)
            efi_boot->CopyMem((void *)(info->hv_image + segment(i)->virtual - BOOT_HV_BASE),
                              (void *)(payload_hv + segment(i)->offset), segment(i)->file_bytes);
    return header->entry;
}

/* The flags of the segment that the hv page at this offset lies in; 0 between segments. */
uint32_t load_hv_rights(uint64_t offset)
{
    const struct elf64_header *header = (const void *)payload_hv;
    for (unsigned i = 0; i < header->program_header_count; i++) {
        uint64_t start = segment(i)->virtual - BOOT_HV_BASE;
        if (segment(i)->type == PT_LOAD && offset >= start && offset < start + segment(i)->memory_bytes)
            return segment(i)->flags;
    }
    return 0;
}
