/*
 * test_vpc_multiboot.c - every field of a Multiboot header and of the ELF file around it at its bounds, and files that
 * end anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot_files.h"
#include "vpc/multiboot.h"

#define MIB (1u << 20)
#define MEMORY (2 * MIB)
#define LOWEST 0xA000u
#define HIGH 0xC0000000u          /* what such a kernel adds to its addresses */

static char reason[160];
static struct multiboot_image parsed;

/* In memory of exactly so many bytes, so that a byte too far is a report of the sanitizer's. */
static bool parse(uint32_t bytes)
{
    uint8_t *exact = malloc(bytes ? bytes : 1);

    memcpy(exact, file, bytes);
    strcpy(reason, "");
    bool good = multiboot_parse(exact, bytes, MEMORY, &parsed, reason, sizeof(reason));
    for (unsigned i = 0; good && i < parsed.part_count; i++)
        assert_in_range((uint64_t)(parsed.parts[i].from - exact) + parsed.parts[i].bytes, 0, bytes);
    assert_int_equal(good, reason[0] == '\0');
    free(exact);
    return good;
}

static void test_header_is_found_within_8192_bytes(void **state)
{
    (void)state;
    for (uint32_t at = 0; at + 32 <= 8192; at += 4) {
        put_addresses(at, KERNEL_AT + at, KERNEL_AT, 0, 0);
        assert_true(parse(FILE_BYTES));
        assert_int_equal(parsed.parts[0].address, KERNEL_AT);
        assert_true(parse(at + 32));
        assert_false(parse(at + 31));
    }
    put_addresses(8192 - 8, KERNEL_AT + 8192 - 8, KERNEL_AT, 0, 0);
    assert_false(parse(FILE_BYTES));
    put_addresses(6, KERNEL_AT + 6, KERNEL_AT, 0, 0);
    assert_false(parse(FILE_BYTES));
    put_addresses(0, KERNEL_AT, KERNEL_AT, 0, 0);
    put(8, get(file, 8) + 1, 4);
    assert_false(parse(FILE_BYTES));
    assert_false(parse(0));
}

static void test_flags(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        put_addresses(0, KERNEL_AT, KERNEL_AT, 0, 0);
        put_header(0, ADDRESSES | 1u << bit);
        assert_int_equal(parse(FILE_BYTES), bit < 3 || bit >= 16);
    }
}

static void test_addresses(void **state)
{
    (void)state;
    put_addresses(16, LOWEST + 16, LOWEST, 0, 0);
    assert_true(parse(FILE_BYTES));
    assert_int_equal(parsed.end, LOWEST + FILE_BYTES);
    put_addresses(16, LOWEST + 15, LOWEST - 1, 0, 0);
    assert_false(parse(FILE_BYTES));
    put_addresses(16, KERNEL_AT + 17, KERNEL_AT, 0, 0);         /* a byte before the file */
    assert_false(parse(FILE_BYTES));
    put_addresses(16, KERNEL_AT - 1, KERNEL_AT, 0, 0);
    assert_false(parse(FILE_BYTES));
    put_addresses(16, KERNEL_AT, KERNEL_AT, 0, 0);              /* begins at the header */
    assert_true(parse(FILE_BYTES));
    assert_int_equal(parsed.parts[0].bytes, FILE_BYTES - 16);
    put_addresses(16, MEMORY - FILE_BYTES + 16, MEMORY - FILE_BYTES, 0, 0);
    assert_true(parse(FILE_BYTES));
    put_addresses(16, MEMORY - FILE_BYTES + 17, MEMORY - FILE_BYTES + 1, 0, 0);
    assert_false(parse(FILE_BYTES));
    put_addresses(16, 0xFFFFFFF0, 0xFFFFFFE0, 0, 0);
    assert_false(parse(FILE_BYTES));
}

static void test_ends_of_load_and_bss(void **state)
{
    (void)state;
    put_addresses(0, KERNEL_AT, KERNEL_AT, KERNEL_AT + 32, 0);
    assert_true(parse(FILE_BYTES));
    assert_int_equal(parsed.parts[0].bytes, 32);
    put_addresses(0, KERNEL_AT, KERNEL_AT, KERNEL_AT + FILE_BYTES, 0);
    assert_true(parse(FILE_BYTES));
    assert_false(parse(FILE_BYTES - 1));
    put_addresses(0, KERNEL_AT, KERNEL_AT, KERNEL_AT - 1, 0);
    assert_false(parse(FILE_BYTES));
    put_addresses(0, KERNEL_AT, KERNEL_AT, 0, MEMORY);
    assert_true(parse(FILE_BYTES));
    assert_int_equal(parsed.end, MEMORY);
    put_addresses(0, KERNEL_AT, KERNEL_AT, 0, MEMORY + 1);
    assert_false(parse(FILE_BYTES));
    put_addresses(0, KERNEL_AT, KERNEL_AT, 0, KERNEL_AT + 1);   /* before the end of what is loaded: means nothing */
    assert_true(parse(FILE_BYTES));
    assert_int_equal(parsed.end, KERNEL_AT + FILE_BYTES);
}

static void test_elf_identity(void **state)
{
    static const struct { uint32_t at, value; } bad[] = { { 3, 'G' }, { 4, 2 }, { 5, 2 }, { 18, 62 }, { 42, 31 } };

    (void)state;
    put_elf(1);
    assert_true(parse(FILE_BYTES));
    assert_int_equal(parsed.entry, KERNEL_AT);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        put_elf(1);
        put(bad[i].at, bad[i].value, 1);
        assert_false(parse(FILE_BYTES));
    }
    put_elf(0);
    assert_false(parse(FILE_BYTES));
}

static void test_elf_segments(void **state)
{
    const uint32_t segment = 52;

    (void)state;
    put_elf(MULTIBOOT_PARTS);
    assert_true(parse(FILE_BYTES));
    put_elf(MULTIBOOT_PARTS + 1);
    assert_false(parse(FILE_BYTES));
    put_elf(1);
    put(segment + 20, MEMORY - KERNEL_AT, 4);
    assert_true(parse(FILE_BYTES));
    put(segment + 20, MEMORY - KERNEL_AT + 1, 4);
    assert_false(parse(FILE_BYTES));
    put_elf(1);
    put(segment + 20, 63, 4);                                   /* less memory than file */
    assert_false(parse(FILE_BYTES));
    put_elf(1);
    put(segment + 4, FILE_BYTES - 64, 4);
    assert_true(parse(FILE_BYTES));
    put(segment + 4, FILE_BYTES - 63, 4);
    assert_false(parse(FILE_BYTES));
    put_elf(1);
    put(segment + 12, 0xFFFFFFF0, 4);                           /* beyond 4 GiB */
    assert_false(parse(FILE_BYTES));
    put_elf(1);
    put(28, FILE_BYTES - 32, 4);                                /* program headers at the very end, and a byte beyond */
    put(FILE_BYTES - 32, 2, 4);
    assert_false(parse(FILE_BYTES));
    assert_non_null(strstr(reason, "nothing"));
    put(28, FILE_BYTES - 31, 4);
    assert_false(parse(FILE_BYTES));
    assert_non_null(strstr(reason, "program header 0"));
    put(28, 0xFFFFFFFF, 4);
    assert_false(parse(FILE_BYTES));
}

/* Linked for high addresses, with an entry of that kind, or with a physical one; and with one that is neither. */
static void test_elf_entry(void **state)
{
    const uint32_t segment = 52;
    static const struct { uint32_t entry, is; } entries[] = {
        { HIGH + KERNEL_AT, KERNEL_AT }, { HIGH + KERNEL_AT + 63, KERNEL_AT + 63 }, { KERNEL_AT + 63, KERNEL_AT + 63 },
        { HIGH + KERNEL_AT + 64, 0 }, { HIGH + KERNEL_AT - 1, 0 }, { KERNEL_AT + 64, 0 }, { 0, 0 },
        { HIGH + 0x300010, KERNEL_AT + 4096 + 0x10 }, { KERNEL_AT + 4096, KERNEL_AT + 4096 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        put_elf(2);
        put(segment + 8, HIGH + KERNEL_AT, 4);
        put(segment + 32 + 8, HIGH + 0x300000, 4);
        put(24, entries[i].entry, 4);
        assert_int_equal(parse(FILE_BYTES), entries[i].is != 0);
        if (entries[i].is != 0)
            assert_int_equal(parsed.entry, entries[i].is);
        else
            assert_non_null(strstr(reason, "entry"));
    }
    put_elf(2);                                                 /* both linked for one place: the first has it */
    put(segment + 8, KERNEL_AT + 4096, 4);
    put(segment + 32 + 8, KERNEL_AT + 4096, 4);
    put(24, KERNEL_AT + 4096 + 4, 4);
    assert_true(parse(FILE_BYTES));
    assert_int_equal(parsed.entry, KERNEL_AT + 4);
}

/* What has no bytes in the file is nowhere in it, whatever its offset says. */
static void test_elf_segment_without_bytes(void **state)
{
    const uint32_t segment = 52 + 32;

    (void)state;
    put_elf(2);
    put(segment + 4, FILE_BYTES + 4096, 4);
    assert_false(parse(FILE_BYTES));
    put(segment + 16, 0, 4);
    assert_true(parse(FILE_BYTES));
    assert_int_equal(parsed.part_count, 2);
    assert_int_equal(parsed.end, KERNEL_AT + 4096 + 64);
    put(segment + 4, 0xFFFFFFFF, 4);
    assert_true(parse(FILE_BYTES));
}

/* To pass over 65,535 program headers took a look some seven milliseconds. */
static void test_elf_headers_at_their_bound(void **state)
{
    (void)state;
    put_elf(2);
    put(44, 1024, 2);
    assert_false(parse(FILE_BYTES));
    assert_null(strstr(reason, "program headers"));
    put(44, 1025, 2);
    assert_false(parse(FILE_BYTES));
    assert_string_equal(reason, "1025 program headers: more than 1024");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_is_found_within_8192_bytes),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_ends_of_load_and_bss),
        cmocka_unit_test(test_elf_identity),
        cmocka_unit_test(test_elf_segments),
        cmocka_unit_test(test_elf_entry),
        cmocka_unit_test(test_elf_segment_without_bytes),
        cmocka_unit_test(test_elf_headers_at_their_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
