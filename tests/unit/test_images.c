/*
 * test_images.c - guest images are found by name in any order, with an index that has room for all, some or none of
 * them: the image that is found is the first of its name, files of the volume before the ramdisk.
 *
 * The archive has 700 files in three folders, whose names come twice now and then, in upper and lower case; the volume
 * has some of these names. Where an image lies says which it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/addr.h"
#include "guest/images.h"
#include "random.h"

#define RAMDISK_FILES 700u
#define VOLUME_FILES 90u
#define NAMES 540u              /* fewer than files: some come twice */
#define FINDS 2000u

static char archive[RAMDISK_FILES * 256];
static size_t archive_bytes;
static struct boot_file volume[VOLUME_FILES];
static struct boot_info info;
static const void *expected[NAMES];     /* the image of each name; NULL: there is none */
static unsigned pages_left, pages_taken;

static void *get_page(void)
{
    static uint64_t pages[4][PAGE_SIZE / sizeof(uint64_t)];

    assert_in_range(pages_taken, 0, 3);
    if (pages_left == 0)
        return NULL;
    pages_left--;
    return memset(pages[pages_taken++], 0, sizeof(pages[0]));
}

static void pad(void)
{
    while (archive_bytes % 4 != 0)
        archive[archive_bytes++] = '\0';
}

/* Where its data lies. */
static const void *archive_add(const char *name, unsigned mode, unsigned bytes)
{
    size_t name_bytes = strlen(name) + 1;

    archive_bytes += (size_t)sprintf(archive + archive_bytes,
        "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1, mode, 0, 0, 1, 0, bytes, 0, 0, 0, 0,
        (unsigned)name_bytes, 0);
    memcpy(archive + archive_bytes, name, name_bytes);
    archive_bytes += name_bytes;
    pad();
    const void *data = archive + archive_bytes;
    memset(archive + archive_bytes, 'd', bytes);
    archive_bytes += bytes;
    pad();
    return data;
}

static void make_name(char *name, unsigned number)
{
    sprintf(name, random_below(2) ? "Guest.case_%u" : "gUEST.cASE_%u", number);
}

static void fill_volume(void)
{
    static const char data[VOLUME_FILES];

    for (unsigned i = 0; i < VOLUME_FILES; i++) {
        unsigned number = i * (NAMES / VOLUME_FILES);
        volume[i] = (struct boot_file){ .address = ptr_to_hpa((void *)(uintptr_t)&data[i]).v, .size = 1 };
        make_name(volume[i].name, number);
        expected[number] = &data[i];
    }
}

static void fill_ramdisk(void)
{
    archive_add("guests", 040755, 0);
    for (unsigned i = 0; i < RAMDISK_FILES; i++) {
        char path[64];
        unsigned number = random_below(NAMES), length = (unsigned)sprintf(path, "guests/%c/", 'a' + i % 3);
        make_name(path + length, number);
        const void *data = archive_add(path, 0100644, 1 + random_below(9));
        if (expected[number] == NULL)
            expected[number] = data;
    }
    archive_add("TRAILER!!!", 0, 0);
}

static int set_up(void **state)
{
    (void)state;
    memset(expected, 0, sizeof(expected));
    archive_bytes = 0;
    fill_volume();
    fill_ramdisk();
    info = (struct boot_info){ .files = ptr_to_hpa(volume).v, .file_count = VOLUME_FILES,
                               .ramdisk = ptr_to_hpa(archive).v, .ramdisk_size = archive_bytes };
    return 0;
}

static void find_some(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned number = random_below(NAMES);
        struct image_file file;
        char name[64];
        make_name(name, number);
        bool found = images_find(name, &file);
        assert_int_equal(found, expected[number] != NULL);
        if (!found)
            continue;
        assert_ptr_equal(file.image, expected[number]);
        assert_int_equal(strcasecmp(file.name, name), 0);
        assert_int_equal(file.on_volume, number % (NAMES / VOLUME_FILES) == 0);
    }
}

/* Each name of the volume comes once, and no file of the ramdisk that has it. */
static void list_all(void)
{
    struct images_position position = { 0 };
    unsigned on_volume = 0, hidden = 0;
    struct image_file file;

    while (images_next(&position, &file)) {
        unsigned number = (unsigned)strtoul(strrchr(file.name, '_') + 1, NULL, 10);
        on_volume += file.on_volume;
        hidden += !file.on_volume && number % (NAMES / VOLUME_FILES) == 0;
    }
    assert_int_equal(on_volume, VOLUME_FILES);
    assert_int_equal(hidden, 0);
}

static void with(unsigned pages, unsigned taken)
{
    pages_left = pages;
    pages_taken = 0;
    images_init(&info, get_page);
    find_some(10);
    list_all();
    find_some(FINDS);
    assert_int_equal(pages_taken, taken);
}

static void with_room_for_all(void **state)
{
    (void)state;
    with(100, 2);
}

/* A page holds 512 images. */
static void with_room_for_some(void **state)
{
    (void)state;
    with(1, 1);
}

static void with_room_for_none(void **state)
{
    (void)state;
    with(0, 0);
}

/* In pieces of any size, down to one: the same is found, and a search for what is not there walks over all once. */
static void in_pieces(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 20; round++) {
        struct image_file file;
        enum images_search found;
        unsigned pieces = 0, size = 1 + random_below(round < 10 ? 3 : 300);
        pages_left = round % 3 == 2 ? 0 : 100;
        pages_taken = 0;
        images_init(&info, get_page);
        while (round % 2 == 0 && images_search("nobody", size, &file) == IMAGES_MORE)
            pieces++;
        assert_true(round % 2 != 0 || pages_left == 0 || pieces >= RAMDISK_FILES / size);
        for (unsigned i = 0; i < 100; i++) {
            unsigned number = random_below(NAMES);
            char name[64];
            make_name(name, number);
            while ((found = images_search(name, size, &file)) == IMAGES_MORE)
                assert_true(round % 2 != 0);
            assert_int_equal(found, expected[number] != NULL ? IMAGES_FOUND : IMAGES_NONE);
            if (found == IMAGES_FOUND)
                assert_ptr_equal(file.image, expected[number]);
        }
        while (images_search("nobody", size, &file) == IMAGES_MORE)
            assert_true(round % 2 != 0);
        assert_int_equal(images_search("nobody", 0, &file), pages_left == 0 ? IMAGES_NONE : IMAGES_MORE);
        assert_int_equal(images_search("nobody", 1, &file), IMAGES_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(with_room_for_all, set_up),
        cmocka_unit_test_setup(with_room_for_some, set_up),
        cmocka_unit_test_setup(with_room_for_none, set_up),
        cmocka_unit_test_setup(in_pieces, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
