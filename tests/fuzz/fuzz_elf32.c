/*
 * fuzz_elf32.c - any bytes as a guest image: the checks must refuse it or promise only what is true.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "guest/elf32.h"

#define RAM_BYTES (24u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_promises(const struct elf32_image *parsed, size_t image_bytes)
{
    int entry_is_inside = 0;

    CHECK(parsed->segment_count >= 1 && parsed->segment_count <= ELF32_SEGMENTS_MAX);
    for (unsigned i = 0; i < parsed->segment_count; i++) {
        const struct elf32_segment *segment = &parsed->segments[i];
        uint64_t end = (uint64_t)segment->address + segment->memory_bytes;
        CHECK((uint64_t)segment->file_offset + segment->file_bytes <= image_bytes);
        CHECK(segment->memory_bytes != 0 && segment->file_bytes <= segment->memory_bytes && end <= RAM_BYTES);
        entry_is_inside |= parsed->entry >= segment->address && parsed->entry < end;
        for (unsigned j = 0; j < i; j++) {
            const struct elf32_segment *other = &parsed->segments[j];
            CHECK(end <= other->address || (uint64_t)other->address + other->memory_bytes <= segment->address);
        }
    }
    CHECK(entry_is_inside);
}

static void check_symbols(const uint8_t *bytes, size_t size)
{
    static uint64_t storage[IMAGE_SYMBOLS_MAX_BYTES / 8];
    struct image_symbols symbols = { .storage_bytes = image_symbols_bytes(bytes, size), .storage = storage };
    uint32_t offset;

    image_symbols_load(&symbols, bytes, size);
    for (uint32_t address = 0; address < 0x200000; address += 0x10001) {
        const char *name = image_symbols_find(&symbols, address, &offset);
        CHECK(name == NULL || (strlen(name) <= 63 && offset <= address));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct elf32_image parsed;
    char reason[200] = "";

    if (elf32_parse(bytes, size, RAM_BYTES, &parsed, reason, sizeof(reason)))
        check_promises(&parsed, size);
    else
        CHECK(reason[0] != '\0' && strlen(reason) < sizeof(reason) - 1);
    check_symbols(bytes, size);
    return 0;
}
