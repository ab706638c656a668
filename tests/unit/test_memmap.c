/*
 * test_memmap.c - the firmware's memory map as it comes: hundreds of entries, longer descriptors than we know, a map
 * that grows while it is read, keys that are stale, RAM beyond what is used.
 *
 * memmap.c is compiled in here with a firmware on paper, whose buffers are exactly as large as was asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot_info.h"

#define EFI_APP_H       /* the real one has the firmware's tables in the firmware's calling convention */
typedef uint64_t UINTN, EFI_STATUS;
typedef uint32_t UINT32;
typedef void *EFI_HANDLE;
#define EFI_SUCCESS 0ull
#define EFI_LOAD_ERROR 1ull
#define EFI_INVALID_PARAMETER 2ull
#define EFI_BUFFER_TOO_SMALL 5ull
#define EFI_OUT_OF_RESOURCES 9ull
typedef struct {
    uint32_t Type, Pad;
    uint64_t PhysicalStart, VirtualStart, NumberOfPages, Attribute;
} EFI_MEMORY_DESCRIPTOR;
static struct {
    EFI_STATUS (*GetMemoryMap)(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *map, UINTN *key, UINTN *descriptor_bytes,
                               UINT32 *version);
    EFI_STATUS (*ExitBootServices)(EFI_HANDLE image, UINTN key);
} *efi_boot;
static uint64_t memory_alloc(uint64_t bytes, uint64_t limit);
static uint64_t memory_alloc_for_hand_off(uint64_t bytes, uint64_t limit);
static uint64_t memory_ours_count(void);
static struct boot_range memory_ours(uint64_t index);
static void note_number(const char *text, uint64_t number, const char *unit);

#include "memmap.c"

#define ENTRIES_MAX 2100
#define DESCRIPTOR_BYTES 48u            /* of the firmware: ours are 40 */
#define CONVENTIONAL 7u
#define RUNTIME_DATA 6u
#define RESERVED 0u

static EFI_MEMORY_DESCRIPTOR entries[ENTRIES_MAX];
static unsigned entry_count, grows, stale;      /* it grows by so many entries at each look; so many exits fail */
static unsigned key_now, calls_after_failure, exits;
static bool is_out_of_memory;
static void *blocks[8];
static unsigned block_count;
static char noted[64];

static EFI_STATUS get_map(UINTN *bytes, EFI_MEMORY_DESCRIPTOR *to, UINTN *key, UINTN *descriptor_size, UINT32 *version)
{
    UINTN room = *bytes;

    for (unsigned i = 0; i < grows; i++, entry_count++)
        entries[entry_count] = (EFI_MEMORY_DESCRIPTOR){ .Type = CONVENTIONAL, .NumberOfPages = 1,
                                                        .PhysicalStart = 4096ull * entry_count * 2 };
    *bytes = entry_count * DESCRIPTOR_BYTES;
    *descriptor_size = DESCRIPTOR_BYTES;
    *version = 1;
    *key = ++key_now;
    if (room < *bytes)
        return EFI_BUFFER_TOO_SMALL;
    for (unsigned i = 0; i < entry_count; i++)
        memcpy((uint8_t *)to + i * DESCRIPTOR_BYTES, &entries[i], sizeof(entries[i]));
    return EFI_SUCCESS;
}

static EFI_STATUS exit_boot(EFI_HANDLE image, UINTN key)
{
    (void)image;
    assert_int_equal(key, key_now);
    exits++;
    if (stale == 0)
        return EFI_SUCCESS;
    stale--;
    return EFI_INVALID_PARAMETER;
}

static uint64_t memory_alloc(uint64_t bytes, uint64_t limit)
{
    (void)limit;
    calls_after_failure += exits != 0;
    if (is_out_of_memory)
        return 0;
    blocks[block_count] = calloc(1, bytes);
    return (uint64_t)(uintptr_t)blocks[block_count++];
}

static uint64_t memory_alloc_for_hand_off(uint64_t bytes, uint64_t limit)
{
    return memory_alloc(bytes, limit);
}

/* Two of ours, which split the range that they lie in. */
static uint64_t memory_ours_count(void)
{
    return 2;
}

static struct boot_range memory_ours(uint64_t index)
{
    return (struct boot_range){ 0x40000000 + index * 0x10000, 0x4000, BOOT_RANGE_OURS, 0 };
}

static void note_number(const char *text, uint64_t number, const char *unit)
{
    snprintf(noted, sizeof(noted), "%s%llu%s", text, (unsigned long long)number, unit);
}

static int begin(void **state)
{
    static __typeof__(*efi_boot) services = { get_map, exit_boot };

    (void)state;
    efi_boot = &services;
    entry_count = grows = stale = exits = calls_after_failure = block_count = 0;
    is_out_of_memory = false;
    noted[0] = '\0';
    memset(entries, 0, sizeof(entries));
    return 0;
}

static int end(void **state)
{
    (void)state;
    while (block_count != 0)
        free(blocks[--block_count]);
    return 0;
}

static void add(uint32_t type, uint64_t base, uint64_t pages)
{
    entries[entry_count++] = (EFI_MEMORY_DESCRIPTOR){ .Type = type, .PhysicalStart = base, .NumberOfPages = pages };
}

/* Every second page reserved; one large range, which has our two blocks in it. */
static void fill(unsigned pieces)
{
    add(CONVENTIONAL, 0x40000000, 0x10000);
    for (unsigned i = 0; i < pieces; i++) {
        add(CONVENTIONAL, 0x100000 + 0x2000ull * (pieces - i), 1);
        add(RESERVED, 0x101000 + 0x2000ull * (pieces - i), 1);
    }
}

static uint64_t free_pages(const struct boot_info *info)
{
    const struct boot_range *ranges = (const void *)(uintptr_t)info->ranges;
    uint64_t pages = 0;

    for (uint64_t i = 0; i < info->range_count; i++)
        pages += ranges[i].kind == BOOT_RANGE_FREE ? ranges[i].length / 4096 : 0;
    return pages;
}

static void hundreds_of_entries(void **state)
{
    static const unsigned pieces[] = { 200, 1000 };

    for (unsigned i = 0; i < 2; i++) {
        struct boot_info info = { .reset_system = 1 };
        begin(state);
        fill(pieces[i]);
        assert_int_equal(memmap_prepare(&info), EFI_SUCCESS);
        assert_int_equal(memmap_top(&info), 0x100000000ull);
        assert_int_equal(memmap_exit(NULL, &info), EFI_SUCCESS);
        assert_int_equal(info.map_entries, 2 * pieces[i] + 1);
        assert_int_equal(info.range_count, pieces[i] + 4);
        assert_int_equal(free_pages(&info), pieces[i] + 0x10000 - 8);
        assert_int_equal(info.reset_system, 1);
        assert_string_equal(noted, "");
        end(state);
    }
}

/* As many more as there are spare descriptors for; then it cannot be read any more. */
static void it_grows_and_keys_are_stale(void **state)
{
    (void)state;
    struct boot_info info = { 0 };

    fill(200);
    assert_int_equal(memmap_prepare(&info), EFI_SUCCESS);
    unsigned before = entry_count;
    grows = 1;
    stale = 60;
    assert_int_equal(memmap_exit(NULL, &info), EFI_SUCCESS);
    assert_int_equal(exits, 61);
    assert_int_equal(info.map_entries, before + 61);
    assert_int_equal(calls_after_failure, 0);
}

static void it_grows_for_ever(void **state)
{
    (void)state;
    struct boot_info info = { 0 };

    fill(200);
    assert_int_equal(memmap_prepare(&info), EFI_SUCCESS);
    grows = 1;
    stale = 1000;
    assert_int_not_equal(memmap_exit(NULL, &info), EFI_SUCCESS);
    assert_int_equal(exits, ATTEMPTS_MAX);
    grows = 2;
    assert_int_equal(memmap_exit(NULL, &info), EFI_BUFFER_TOO_SMALL);
}

static void no_memory_for_it(void **state)
{
    (void)state;
    struct boot_info info = { 0 };

    fill(200);
    is_out_of_memory = true;
    assert_int_equal(memmap_prepare(&info), EFI_OUT_OF_RESOURCES);
}

static void ram_beyond_1_tib(void **state)
{
    (void)state;
    struct boot_info info = { .reset_system = 1 };

    fill(1);
    add(CONVENTIONAL, RAM_LIMIT - 0x40000000, 0x80000);         /* 1 GiB on either side */
    add(CONVENTIONAL, 6 * RAM_LIMIT, 0x40000);
    add(RESERVED, 9 * RAM_LIMIT, 0x40000);
    assert_int_equal(memmap_prepare(&info), EFI_SUCCESS);
    assert_int_equal(memmap_top(&info), RAM_LIMIT);
    assert_string_equal(noted, "RAM beyond 1 TiB is not used: 2 GiB");
    assert_int_equal(info.reset_system, 1);
    assert_int_equal(memmap_exit(NULL, &info), EFI_SUCCESS);
    assert_int_equal(free_pages(&info), 1 + 0x10000 - 8 + 0x40000);
}

/* What ResetSystem needs is not mapped: it is not called. */
static void runtime_services_beyond_1_tib(void **state)
{
    (void)state;
    struct boot_info info = { .reset_system = 1 };

    fill(1);
    add(RUNTIME_DATA, 2 * RAM_LIMIT, 16);
    assert_int_equal(memmap_prepare(&info), EFI_SUCCESS);
    memmap_top(&info);
    assert_int_equal(info.reset_system, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hundreds_of_entries, begin, end),
        cmocka_unit_test_setup_teardown(it_grows_and_keys_are_stale, begin, end),
        cmocka_unit_test_setup_teardown(it_grows_for_ever, begin, end),
        cmocka_unit_test_setup_teardown(no_memory_for_it, begin, end),
        cmocka_unit_test_setup_teardown(ram_beyond_1_tib, begin, end),
        cmocka_unit_test_setup_teardown(runtime_services_beyond_1_tib, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
