/*
 * fuzz_cpio.c - base/cpio: walk an arbitrary archive and touch every byte it gives out.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/cpio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cpio_entry entry;
    uint64_t position = 0;

    for (uint64_t before = 0; cpio_next(data, size, &position, &entry); before = position) {
        CHECK(position > before && position <= size);
        CHECK(strlen(entry.name) == entry.name_bytes);
        for (uint64_t i = 0; i < entry.size; i++)
            (void)*((volatile const uint8_t *)entry.data + i);
    }
    return 0;
}
