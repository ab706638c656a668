/*
 * fuzz_image_lines.c - any bytes as the line tables of a guest image: what is found lies inside, and the work ends.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "guest/image_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_bytes image = { bytes, size };
    struct image_place list[4] = { { .address = 0x100000 }, { .address = 0x100003 }, { .address = 0 },
                                   { .address = 0x100010, .is_return = true } };
    struct image_place *places[] = { &list[0], &list[1], &list[2], &list[3] };

    image_lines_find(&image, places, 4);
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *file = (const uint8_t *)list[i].file;
        CHECK(file == NULL || (file >= bytes && file + list[i].file_bytes <= bytes + size));
        CHECK(file == NULL || (list[i].file_bytes >= 1 && list[i].file_bytes <= 63 && list[i].line != 0));
    }
    return 0;
}
