/*
 * multiboot.c - see multiboot.h: find the header, then what goes where (PURE).
 */
#include "vpc/multiboot.h"

#include "base/format.h"
#include "base/string.h"

#define MAGIC 0x1BADB002u
#define HEADER_WITHIN 8192u
#define HEADER_BYTES 12u
#define HEADER_ADDRESSES_BYTES 32u
#define FLAGS_KNOWN 0x00010007u     /* align modules, memory, video mode (which is only a wish), addresses */
#define FLAGS_MUST 0x0000FFFFu
#define FLAG_ADDRESSES 0x00010000u
#define LOWEST 0xA000u              /* below lies what the loader itself puts there: vpc_boot.c */

#define ELF_MAGIC 0x464C457Fu
#define ELF_HEADER_BYTES 52u
#define ELF_ENTRY 24u
#define ELF_PROGRAM_HEADERS 44u     /* how many */
#define PROGRAM_HEADERS_MAX 1024u   /* as of PebPeb's images: a bound on how long nobody runs */
#define PROGRAM_HEADER_BYTES 32u
#define PT_LOAD 1u

struct kernel_file {
    const uint8_t *bytes;
    uint64_t count;
    uint32_t memory_bytes;
    char *reason;
    size_t reason_bytes;
};

static uint32_t kernel_word(const struct kernel_file *file, uint64_t offset)
{
    uint32_t value;

    memcpy(&value, file->bytes + offset, sizeof(value));
    return value;
}

static uint16_t kernel_half(const struct kernel_file *file, uint64_t offset)
{
    uint16_t value;

    memcpy(&value, file->bytes + offset, sizeof(value));
    return value;
}

/* Where the header is; 0 is a place, too. UINT64_MAX: nowhere. */
static uint64_t find_header(const struct kernel_file *file)
{
    for (uint64_t at = 0; at + HEADER_BYTES <= file->count && at + HEADER_BYTES <= HEADER_WITHIN; at += 4)
        if (kernel_word(file, at) == MAGIC && kernel_word(file, at + 4) + kernel_word(file, at + 8) + MAGIC == 0)
            return at;
    return UINT64_MAX;
}

static bool add_part(const struct kernel_file *file, struct multiboot_image *parsed, uint32_t address, uint64_t offset,
                     uint32_t bytes, uint32_t memory_bytes)
{
    uint64_t end = (uint64_t)address + memory_bytes;

    if (bytes > 0 && offset + bytes > file->count) {
        format_string(file->reason, file->reason_bytes, "the file ends inside what goes to 0x%08x", address);
        return false;
    }
    if (address < LOWEST || end > file->memory_bytes) {
        format_string(file->reason, file->reason_bytes, "0x%08x..0x%08llx lies outside 0x%x and the %u MiB of RAM",
                      address, (unsigned long long)end, LOWEST, file->memory_bytes >> 20);
        return false;
    }
    if (parsed->part_count == MULTIBOOT_PARTS) {
        format_string(file->reason, file->reason_bytes, "more than %u segments", MULTIBOOT_PARTS);
        return false;
    }
    parsed->parts[parsed->part_count++] = (struct boot_part){ address, bytes,
                                                                  bytes > 0 ? file->bytes + offset : file->bytes };
    if (end > parsed->end)
        parsed->end = (uint32_t)end;
    return true;
}

static bool parse_addresses(const struct kernel_file *file, uint64_t header, struct multiboot_image *parsed)
{
    if (header + HEADER_ADDRESSES_BYTES > file->count) {
        format_string(file->reason, file->reason_bytes, "the file ends inside its Multiboot header");
        return false;
    }
    uint32_t header_address = kernel_word(file, header + 12), load = kernel_word(file, header + 16);
    uint32_t load_end = kernel_word(file, header + 20), bss_end = kernel_word(file, header + 24);
    uint64_t offset = header - (uint64_t)(header_address - load);

    if (header_address < load || header_address - load > header) {
        format_string(file->reason, file->reason_bytes, "the Multiboot header's addresses name bytes before the file");
        return false;
    }
    uint64_t bytes = load_end != 0 ? (uint64_t)load_end - load : file->count - offset;
    if ((load_end != 0 && load_end < load) || bytes > UINT32_MAX) {
        format_string(file->reason, file->reason_bytes, "the Multiboot header's load_end_addr 0x%08x is no end",
                      load_end);
        return false;
    }
    uint32_t memory = bss_end != 0 && bss_end - load > bytes && bss_end > load ? bss_end - load : (uint32_t)bytes;
    parsed->entry = kernel_word(file, header + 28);
    return add_part(file, parsed, load, offset, (uint32_t)bytes, memory);
}

/* By which of its segments' addresses a kernel's entry was found. */
enum entry_place { ENTRY_NOWHERE, ENTRY_PHYSICAL, ENTRY_VIRTUAL };

/* The entry is an address that a kernel is linked for, if that is in one of its segments; else one of memory. */
static void place_entry(const struct kernel_file *file, uint64_t at, struct multiboot_image *parsed,
                        enum entry_place *place)
{
    uint32_t entry = kernel_word(file, ELF_ENTRY), memory_bytes = kernel_word(file, at + 20);
    uint32_t in_virtual = entry - kernel_word(file, at + 8), physical = kernel_word(file, at + 12);

    if (*place != ENTRY_VIRTUAL && in_virtual < memory_bytes) {
        parsed->entry = physical + in_virtual;
        *place = ENTRY_VIRTUAL;
    } else if (*place == ENTRY_NOWHERE && entry - physical < memory_bytes) {
        *place = ENTRY_PHYSICAL;
    }
}

static bool parse_kernel_segments(const struct kernel_file *file, struct multiboot_image *parsed)
{
    enum entry_place place = ENTRY_NOWHERE;
    bool is_elf = file->count >= ELF_HEADER_BYTES && kernel_word(file, 0) == ELF_MAGIC && file->bytes[4] == 1 &&
                  file->bytes[5] == 1 && kernel_half(file, 18) == 3;

    if (!is_elf || kernel_half(file, 42) < PROGRAM_HEADER_BYTES) {
        format_string(file->reason, file->reason_bytes, "no ELF32 for the i386, nor addresses in its Multiboot header");
        return false;
    }
    if (kernel_half(file, ELF_PROGRAM_HEADERS) > PROGRAM_HEADERS_MAX) {
        format_string(file->reason, file->reason_bytes, "%u program headers: more than %u",
                      kernel_half(file, ELF_PROGRAM_HEADERS), PROGRAM_HEADERS_MAX);
        return false;
    }
    parsed->entry = kernel_word(file, ELF_ENTRY);
    for (unsigned i = 0; i < kernel_half(file, ELF_PROGRAM_HEADERS); i++) {
        uint64_t at = kernel_word(file, 28) + (uint64_t)i * kernel_half(file, 42);
        if (at + PROGRAM_HEADER_BYTES > file->count) {
            format_string(file->reason, file->reason_bytes, "the file ends inside program header %u", i);
            return false;
        }
        uint32_t file_bytes = kernel_word(file, at + 16), memory_bytes = kernel_word(file, at + 20);
        if (kernel_word(file, at) != PT_LOAD || memory_bytes == 0)
            continue;
        if (file_bytes > memory_bytes) {
            format_string(file->reason, file->reason_bytes, "segment %u has more bytes in the file than in memory", i);
            return false;
        }
        if (!add_part(file, parsed, kernel_word(file, at + 12), kernel_word(file, at + 4), file_bytes, memory_bytes))
            return false;
        place_entry(file, at, parsed, &place);
    }
    if (place == ENTRY_NOWHERE && parsed->part_count > 0)
        format_string(file->reason, file->reason_bytes, "its entry 0x%08x lies in none of its segments", parsed->entry);
    return place != ENTRY_NOWHERE || parsed->part_count == 0;
}

bool multiboot_has_header(const void *image, uint64_t image_bytes)
{
    struct kernel_file file = { .bytes = image, .count = image_bytes };

    return find_header(&file) != UINT64_MAX;
}

bool multiboot_parse(const void *image, uint64_t image_bytes, uint32_t memory_bytes, struct multiboot_image *parsed,
                     char *reason, size_t reason_bytes)
{
    struct kernel_file file = { image, image_bytes, memory_bytes, reason, reason_bytes };
    uint64_t header = find_header(&file);

    *parsed = (struct multiboot_image){ 0 };
    if (header == UINT64_MAX) {
        format_string(reason, reason_bytes, "neither a Linux kernel, nor a boot sector, nor a Multiboot header in the "
                      "first %u bytes", HEADER_WITHIN);
        return false;
    }
    uint32_t flags = kernel_word(&file, header + 4);
    if (flags & FLAGS_MUST & ~FLAGS_KNOWN) {
        format_string(reason, reason_bytes, "its Multiboot header asks for what is not there: flags 0x%08x", flags);
        return false;
    }
    bool good = flags & FLAG_ADDRESSES ? parse_addresses(&file, header, parsed) : parse_kernel_segments(&file, parsed);
    if (!good)
        return false;
    if (parsed->part_count == 0) {
        format_string(reason, reason_bytes, "nothing in it goes to memory");
        return false;
    }
    return true;
}
