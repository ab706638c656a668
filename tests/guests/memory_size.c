/*
 * memory_size.c - guest RAM is as large as asked for, and every page of it is there and is its own.
 *
 * The size asked for is known from the manifest: test_case() checks EBX against it. Then each page gets its own number
 * written at its start and its end, and all are read back: two pages that share a frame, or a size that is off by one
 * page, fail there. The last byte of RAM is written and read by itself.
 */
#include "test.h"

static void size_check(uint32_t expected_bytes)
{
    CHECK_EQUAL(sdk_memory_bytes(), expected_bytes);
}

CASE(default)
{
    size_check(24u << 20);
}

CASE(m20)
{
    size_check(20u << 20);
}

CASE(m48)
{
    size_check(48u << 20);
}

CASE(odd)
{
    size_check((20u << 20) + 4096);
}

static volatile uint32_t *word_at(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

int main(void)
{
    uint32_t first = ((uint32_t)(uintptr_t)guest_end + 4095) & ~4095u;
    uint32_t bytes = sdk_memory_bytes();
    uint32_t wrong = 0;

    test_case();
    for (uint32_t page = first; page < bytes; page += 4096) {
        *word_at(page) = page;
        *word_at(page + 4092) = ~page;
    }
    for (uint32_t page = first; page < bytes; page += 4096)
        wrong += *word_at(page) != page || *word_at(page + 4092) != ~page;
    CHECK_EQUAL(wrong, 0);
    *(volatile uint8_t *)(uintptr_t)(bytes - 1) = 0x5A;
    CHECK_EQUAL(*(volatile uint8_t *)(uintptr_t)(bytes - 1), 0x5A);
    return test_result();
}
