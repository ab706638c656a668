/*
 * zero_memory.c - at launch all RAM outside the image is zero, and so is .bss.
 *
 * Guests build their page tables and lists on it, and anything else would be another guest's memory. The guest reads
 * every word below and above its image; before it ends it fills its RAM with a pattern, so that a second run of it
 * tells whether frames are cleaned between guests. Wrong: the first word found that is not zero, with its address.
 */
#include "test.h"

static uint32_t bss_words[16384];

/* First word in [from, to) that is not zero, or to. */
static uint32_t nonzero_find(uint32_t from, uint32_t to)
{
    for (; from < to; from += 4) {
        if (*(const volatile uint32_t *)(uintptr_t)from != 0)
            break;
    }
    return from;
}

int main(void)
{
    uint32_t start = (uint32_t)(uintptr_t)guest_start;
    uint32_t end = ((uint32_t)(uintptr_t)guest_end + 3) & ~3u;
    uint32_t bss = (uint32_t)(uintptr_t)bss_words;

    CHECK_EQUAL(nonzero_find(bss, bss + sizeof(bss_words)), bss + sizeof(bss_words));
    CHECK_EQUAL(nonzero_find(0, start), start);
    CHECK_EQUAL(nonzero_find(end, sdk_memory_bytes()), sdk_memory_bytes());
    memset((void *)(uintptr_t)end, 0xA5, sdk_memory_bytes() - end);
    return test_result();
}
