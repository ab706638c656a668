/*
 * fuzz_elf32.c - any bytes as a guest image: the checks must refuse it or promise only what is true.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "guest/elf32.h"
#include "guest/image_symbols.h"

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
    struct image_bytes image = { bytes, size };

    for (uint32_t address = 0xFFFFF; address < 0x200000; address += 0x10001) {
        struct image_place place = { .address = address, .is_return = address & 1 }, *places[] = { &place };
        image_symbols_name(&image, places, 1);
        CHECK(place.name == NULL || (place.name_bytes >= 1 && place.name_bytes <= 63 && place.offset <= address));
        CHECK(place.name == NULL || ((const uint8_t *)place.name >= bytes &&
                                     (const uint8_t *)place.name + place.name_bytes <= bytes + size));
        (void)image_has_code(&image, address);
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
