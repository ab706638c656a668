/*
 * test_volume_files.c - the files of the boot volume, each whole, with zeroes to the end of its last page, and in
 * memory that is said to be ours; how many blocks the firmware is asked for; and what cannot be loaded: a note each,
 * and on.
 *
 * files.c and memory.c are compiled in here with a firmware on paper: its volume has a directory guests, and it gives
 * memory from the top down, full of what others left there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot_info.h"

#define EFI_APP_H       /* the real one has the firmware's tables in the firmware's calling convention */
typedef uint64_t UINTN, EFI_STATUS, EFI_PHYSICAL_ADDRESS;
typedef uint16_t CHAR16;
typedef void *EFI_HANDLE;
typedef struct { uint32_t a; uint16_t b, c; uint8_t d[8]; } EFI_GUID;
#define EFI_LOADED_IMAGE_PROTOCOL_GUID { 1, 0, 0, { 0 } }
#define EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID { 2, 0, 0, { 0 } }
#define EFI_FILE_INFO_ID { 3, 0, 0, { 0 } }
#define EFI_SUCCESS 0ull
#define EFI_DEVICE_ERROR 7ull
#define EFI_OUT_OF_RESOURCES 9ull
#define EFI_NOT_FOUND 14ull
#define EFI_FILE_MODE_READ 1ull
#define EFI_FILE_DIRECTORY 0x10ull
enum { AllocateMaxAddress = 1, EfiLoaderData = 2 };
typedef struct { EFI_HANDLE DeviceHandle; } EFI_LOADED_IMAGE_PROTOCOL;
typedef struct { uint64_t FileSize, Attribute; CHAR16 FileName[128]; } EFI_FILE_INFO;
typedef struct file_protocol {
    EFI_STATUS (*Open)(struct file_protocol *file, struct file_protocol **opened, CHAR16 *path, uint64_t mode,
                       uint64_t attributes);
    EFI_STATUS (*Close)(struct file_protocol *file);
    EFI_STATUS (*Read)(struct file_protocol *file, UINTN *bytes, void *to);
    EFI_STATUS (*SetPosition)(struct file_protocol *file, uint64_t position);
    EFI_STATUS (*GetInfo)(struct file_protocol *file, EFI_GUID *kind, UINTN *bytes, void *to);
} EFI_FILE_PROTOCOL;
typedef struct volume_protocol {
    EFI_STATUS (*OpenVolume)(struct volume_protocol *volume, EFI_FILE_PROTOCOL **root);
} EFI_SIMPLE_FILE_SYSTEM_PROTOCOL;
static struct {
    EFI_STATUS (*HandleProtocol)(EFI_HANDLE handle, EFI_GUID *guid, void **protocol);
    EFI_STATUS (*AllocatePages)(int how, int type, UINTN pages, EFI_PHYSICAL_ADDRESS *address);
    EFI_STATUS (*AllocatePool)(int type, UINTN bytes, void **pool);
    EFI_STATUS (*FreePool)(void *pool);
    void (*CopyMem)(void *to, void *from, UINTN bytes);
} *efi_boot;
void files_load(EFI_HANDLE image, struct boot_info *info);
uint64_t memory_alloc(uint64_t bytes, uint64_t limit);
uint64_t memory_alloc_to_fill(uint64_t bytes);
void memory_reserve(uint64_t pages);
uint64_t memory_alloc_for_hand_off(uint64_t bytes, uint64_t limit);
uint64_t memory_ours_count(void);
struct boot_range memory_ours(uint64_t index);
static void note(const char *text, const char *name);

#include "files.c"
#include "memory.c"

#define FILES_MAX 210u
#define ARENA_PAGES 2048u
#define FOREIGN 0xA5            /* what memory has in it before */
#define READ_MOST 3000u         /* bytes that the volume gives at once */
#define GIB (1ull << 30)

/* A file of guests: where its bytes begin is its number. */
static struct on_volume {
    char name[100];
    uint64_t size;
    enum { WHOLE, SUBDIRECTORY, NOT_OPENED, NOT_READ, CUT } what;
    uint64_t size_later;        /* at the second listing, if not 0 */
} volume_files[FILES_MAX];
static unsigned volume_count, listings, listed;

static struct opened {
    EFI_FILE_PROTOCOL protocol; /* first: its address is the whole's */
    unsigned number;
    uint64_t position;
} opened_files[FILES_MAX];
static EFI_FILE_PROTOCOL root, guests;
static EFI_LOADED_IMAGE_PROTOCOL loaded_image = { &loaded_image };
static EFI_SIMPLE_FILE_SYSTEM_PROTOCOL volume;

static uint8_t *arena;
static uint64_t pages_left, most_pages, blocks_given;   /* a block of more pages is not to be had */
static char noted[1024];

static void note(const char *text, const char *name)
{
    size_t used = strlen(noted);
    snprintf(noted + used, sizeof(noted) - used, "%s%s\n", text, name ? name : "");
}

static EFI_STATUS give_pages(int how, int type, UINTN pages, EFI_PHYSICAL_ADDRESS *address)
{
    assert_true(how == AllocateMaxAddress && type == EfiLoaderData && pages != 0);
    if (pages > most_pages || pages > pages_left)
        return EFI_OUT_OF_RESOURCES;
    pages_left -= pages;
    blocks_given++;
    *address = (uint64_t)(uintptr_t)arena + pages_left * 4096;
    return EFI_SUCCESS;
}

static EFI_STATUS give_pool(int type, UINTN bytes, void **pool)
{
    (void)type;
    *pool = malloc(bytes);
    return EFI_SUCCESS;
}

static EFI_STATUS free_pool(void *pool)
{
    free(pool);
    return EFI_SUCCESS;
}

static void copy(void *to, void *from, UINTN bytes)
{
    memcpy(to, from, bytes);
}

static EFI_STATUS find_protocol(EFI_HANDLE handle, EFI_GUID *guid, void **protocol)
{
    (void)handle;
    *protocol = guid->a == 1 ? (void *)&loaded_image : &volume;
    return EFI_SUCCESS;
}

static EFI_STATUS open_root(EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *from, EFI_FILE_PROTOCOL **file)
{
    assert_ptr_equal(from, &volume);
    *file = &root;
    return EFI_SUCCESS;
}

static uint8_t byte_of(unsigned number, uint64_t at)
{
    return (uint8_t)(number * 31 + at * 7 + at / 4096 + 1);
}

static void widen(CHAR16 *to, const char *from)
{
    do
        *to++ = (CHAR16)*from;
    while (*from++);
}

static EFI_STATUS open_guest(EFI_FILE_PROTOCOL *directory, EFI_FILE_PROTOCOL **file, CHAR16 *path, uint64_t mode,
                             uint64_t attributes)
{
    assert_true(directory == &guests && mode == EFI_FILE_MODE_READ && attributes == 0);
    for (unsigned i = 0; i < volume_count; i++) {
        CHAR16 name[128] = { 0 };
        widen(name, volume_files[i].name);
        if (memcmp(name, path, 2 * (strlen(volume_files[i].name) + 1)) != 0 || volume_files[i].what == NOT_OPENED)
            continue;
        opened_files[i].number = i;
        opened_files[i].position = 0;
        *file = &opened_files[i].protocol;
        return EFI_SUCCESS;
    }
    return EFI_NOT_FOUND;
}

/* No cobble.cfg. */
static EFI_STATUS open_in_root(EFI_FILE_PROTOCOL *from, EFI_FILE_PROTOCOL **file, CHAR16 *path, uint64_t mode,
                               uint64_t attributes)
{
    (void)mode;
    (void)attributes;
    assert_ptr_equal(from, &root);
    if (memcmp(path, u"\\guests", sizeof(u"\\guests")) != 0)
        return EFI_NOT_FOUND;
    *file = &guests;
    return EFI_SUCCESS;
}

static EFI_STATUS close_file(EFI_FILE_PROTOCOL *file)
{
    assert_true(file == &root || file == &guests);
    return EFI_SUCCESS;
}

static EFI_STATUS list_next(EFI_FILE_PROTOCOL *file, UINTN *bytes, void *to)
{
    EFI_FILE_INFO *info = to;
    assert_true(file == &guests && *bytes >= sizeof(*info));
    if (listed == volume_count) {
        *bytes = 0;
        return EFI_SUCCESS;
    }
    const struct on_volume *next = &volume_files[listed++];
    *bytes = sizeof(*info);
    info->FileSize = listings != 0 && next->size_later != 0 ? next->size_later : next->size;
    info->Attribute = next->what == SUBDIRECTORY ? EFI_FILE_DIRECTORY : 0;
    widen(info->FileName, next->name);
    return EFI_SUCCESS;
}

static EFI_STATUS list_again(EFI_FILE_PROTOCOL *file, uint64_t position)
{
    assert_true(file == &guests && position == 0);
    listings++;
    listed = 0;
    return EFI_SUCCESS;
}

static EFI_STATUS read_file(EFI_FILE_PROTOCOL *protocol, UINTN *bytes, void *to)
{
    struct opened *file = (struct opened *)protocol;
    const struct on_volume *from = &volume_files[file->number];
    uint64_t size = from->size_later ? from->size_later : from->size;
    uint64_t end = from->what == CUT ? size / 2 : size;

    if (from->what == NOT_READ && file->position != 0)
        return EFI_DEVICE_ERROR;
    *bytes = *bytes < READ_MOST ? *bytes : READ_MOST;
    *bytes = *bytes < end - file->position ? *bytes : end - file->position;
    for (uint64_t i = 0; i < *bytes; i++)
        ((uint8_t *)to)[i] = byte_of(file->number, file->position++);
    return EFI_SUCCESS;
}

static int begin(void **state)
{
    static __typeof__(*efi_boot) services = { find_protocol, give_pages, give_pool, free_pool, copy };

    (void)state;
    efi_boot = &services;
    volume.OpenVolume = open_root;
    root = (EFI_FILE_PROTOCOL){ .Open = open_in_root, .Close = close_file };
    guests = (EFI_FILE_PROTOCOL){ open_guest, close_file, list_next, list_again, NULL };
    for (unsigned i = 0; i < FILES_MAX; i++)
        opened_files[i].protocol = (EFI_FILE_PROTOCOL){ .Read = read_file };
    memset(volume_files, 0, sizeof(volume_files));
    volume_count = listings = listed = 0;
    arena = aligned_alloc(4096, ARENA_PAGES * 4096);
    memset(arena, FOREIGN, ARENA_PAGES * 4096);
    pages_left = most_pages = ARENA_PAGES;
    blocks_given = ours_count = ours_room = reserve = reserve_pages = 0;
    noted[0] = '\0';
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(ours);
    ours = NULL;
    free(arena);
    return 0;
}

static struct on_volume *add(const char *name, uint64_t size)
{
    struct on_volume *file = &volume_files[volume_count++];
    snprintf(file->name, sizeof(file->name), "%s", name);
    file->size = size;
    return file;
}

/* Sizes around whole pages; 4000 bytes and more are two reads. */
static void add_many(unsigned count)
{
    static const uint64_t sizes[] = { 1, 4095, 4096, 4097, 8000, 8192, 8193, 20000 };

    for (unsigned i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "g%u.elf", i);
        add(name, sizes[i % 8]);
    }
}

static int is_ours(uint64_t address)
{
    int found = 0;
    for (uint64_t i = 0; i < memory_ours_count(); i++)
        found += address - memory_ours(i).base < memory_ours(i).length && memory_ours(i).kind == BOOT_RANGE_OURS;
    assert_true(found <= 1);
    return found;
}

/* The file of this name is among those that hv gets, all of its bytes, in pages of its own that are ours. */
static void expect_loaded(const struct boot_info *info, unsigned number)
{
    const struct boot_file *files = (const void *)(uintptr_t)info->files;
    const struct on_volume *on = &volume_files[number];
    uint64_t size = on->size_later ? on->size_later : on->size;

    for (uint64_t i = 0; i < info->file_count; i++) {
        if (strcmp(files[i].name, on->name) != 0)
            continue;
        const uint8_t *bytes = (const void *)(uintptr_t)files[i].address;
        assert_int_equal(files[i].size, size);
        assert_int_equal(files[i].address % 4096, 0);
        for (uint64_t at = 0; at < (size + 4095) / 4096 * 4096; at++)
            assert_int_equal(bytes[at], at < size ? byte_of(number, at) : 0);
        assert_true(is_ours(files[i].address) && is_ours(files[i].address + (size ? size - 1 : 0)));
        return;
    }
    fail_msg("%s is not there", on->name);
}

static uint64_t pages_ours(void)
{
    uint64_t pages = 0;
    for (uint64_t i = 0; i < memory_ours_count(); i++)
        pages += memory_ours(i).length / 4096;
    return pages;
}

static void one_block_for_many(void **state)
{
    struct boot_info info = { 0 };

    (void)state;
    add_many(200);
    files_load(NULL, &info);
    assert_int_equal(info.file_count, 200);
    for (unsigned i = 0; i < 200; i++)
        expect_loaded(&info, i);
    assert_int_equal(blocks_given, 2);          /* the list has the other */
    assert_int_equal(memory_ours_count(), 2);
    assert_int_equal(pages_ours(), ARENA_PAGES - pages_left);
    assert_string_equal(noted, "");
}

/* The list is four pages, the largest file five. */
static void no_block_for_all(void **state)
{
    struct boot_info info = { 0 };

    (void)state;
    add_many(200);
    most_pages = 5;
    files_load(NULL, &info);
    assert_int_equal(info.file_count, 200);
    for (unsigned i = 0; i < 200; i++)
        expect_loaded(&info, i);
    assert_int_equal(blocks_given, 201);
    assert_string_equal(noted, "");
}

static void what_cannot_be_loaded(void **state)
{
    static const char long_name[] = "a-name-of-a-guest-that-has-sixty-four-characters-in-all-to-the-e";
    struct boot_info info = { 0 };

    (void)state;
    add_many(3);
    add("large", GIB / 4 + 1);
    add("closed", 5000)->what = NOT_OPENED;
    add("folder", 0)->what = SUBDIRECTORY;
    add(long_name, 6000);
    add("broken", 5000)->what = NOT_READ;
    add("short", 5000)->what = CUT;
    add("empty", 0);
    add("last", 9000);
    files_load(NULL, &info);
    assert_int_equal(info.file_count, 5);
    for (unsigned i = 0; i < 3; i++)
        expect_loaded(&info, i);
    expect_loaded(&info, 9);
    expect_loaded(&info, 10);
    char expected[sizeof(noted)];
    snprintf(expected, sizeof(expected), "file larger than 256 MiB left out: large\nfile cannot be opened: closed\n"
             "file name longer than 63 characters left out: %.63s\nfile cannot be read: broken\n"
             "file cannot be read: short\n", long_name);
    assert_string_equal(noted, expected);
    /* Of the block for all, what those two were to get that were not read at all stays the firmware's, and free. */
    assert_int_equal(pages_ours(), ARENA_PAGES - pages_left - 4);
}

/* A block for all, and one for the largest, are more than there is. */
static void no_memory_for_one(void **state)
{
    struct boot_info info = { 0 };

    (void)state;
    add_many(8);
    add("greedy", 8 * 4096);
    add("last", 100);
    most_pages = 7;
    files_load(NULL, &info);
    assert_int_equal(info.file_count, 9);
    for (unsigned i = 0; i < 8; i++)
        expect_loaded(&info, i);
    expect_loaded(&info, 9);
    assert_string_equal(noted, "no memory for file greedy\n");
}

/* A volume whose second listing is another: what was not counted on gets a block of its own. */
static void larger_at_the_second_look(void **state)
{
    struct boot_info info = { 0 };

    (void)state;
    add_many(4);
    volume_files[1].size_later = 100000;
    volume_files[2].size_later = 1;
    files_load(NULL, &info);
    assert_int_equal(info.file_count, 4);
    for (unsigned i = 0; i < 4; i++)
        expect_loaded(&info, i);
    assert_int_equal(blocks_given, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_block_for_many, begin, end),
        cmocka_unit_test_setup_teardown(no_block_for_all, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_loaded, begin, end),
        cmocka_unit_test_setup_teardown(no_memory_for_one, begin, end),
        cmocka_unit_test_setup_teardown(larger_at_the_second_look, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
