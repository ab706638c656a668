/*
 * test_cpio.c - base/cpio: archives as the packer writes them, and archives that lie about themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cpio.h"

#define ARCHIVE_MAX 4096
#define NAME_BYTES_FIELD (6 + 8 * 11)   /* where the header holds the length of the name */
#define DATA_BYTES_FIELD (6 + 8 * 6)

struct archive {
    char bytes[ARCHIVE_MAX];
    size_t size;
};

static void archive_pad(struct archive *archive)
{
    while (archive->size % 4 != 0)
        archive->bytes[archive->size++] = '\0';
}

static void archive_add(struct archive *archive, const char *name, const char *data)
{
    size_t name_bytes = strlen(name) + 1;

    archive->size += (size_t)sprintf(archive->bytes + archive->size,
        "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1, 0100644, 0, 0, 1, 0, (unsigned)strlen(data),
        0, 0, 0, 0, (unsigned)name_bytes, 0);
    memcpy(archive->bytes + archive->size, name, name_bytes);
    archive->size += name_bytes;
    archive_pad(archive);
    memcpy(archive->bytes + archive->size, data, strlen(data));
    archive->size += strlen(data);
    archive_pad(archive);
}

/* The entries found in an exact heap copy, so that AddressSanitizer sees the first byte read beyond the archive. */
static unsigned entries_count(const struct archive *archive, size_t size)
{
    char *copy = malloc(size ? size : 1);
    struct cpio_entry entry;
    uint64_t position = 0;
    unsigned count = 0;

    assert_non_null(copy);
    memcpy(copy, archive->bytes, size);
    while (cpio_next(copy, size, &position, &entry)) {
        assert_true(position <= size);
        assert_int_equal(strlen(entry.name), entry.name_bytes);
        assert_true((const char *)entry.data >= copy && (const char *)entry.data + entry.size <= copy + size);
        count++;
    }
    free(copy);
    return count;
}

static void test_two_files(void **state)
{
    struct archive archive = { .size = 0 };
    struct cpio_entry entry;
    uint64_t position = 0;

    (void)state;
    archive_add(&archive, "hello", "some data");
    archive_add(&archive, "a.elf", "");
    archive_add(&archive, "TRAILER!!!", "");
    assert_true(cpio_next(archive.bytes, archive.size, &position, &entry));
    assert_string_equal(entry.name, "hello");
    assert_int_equal(entry.name_bytes, 5);
    assert_int_equal(entry.mode, 0100644);
    assert_int_equal(entry.size, 9);
    assert_memory_equal(entry.data, "some data", 9);
    assert_true(cpio_next(archive.bytes, archive.size, &position, &entry));
    assert_string_equal(entry.name, "a.elf");
    assert_int_equal(entry.size, 0);
    assert_false(cpio_next(archive.bytes, archive.size, &position, &entry));
    assert_string_equal(entry.name, "a.elf");       /* untouched */
}

/* Every shorter archive ends cleanly, and each of its entries is whole. */
static void test_cut_anywhere(void **state)
{
    struct archive archive = { .size = 0 };
    size_t first_end;

    (void)state;
    archive_add(&archive, "first", "0123456789");
    first_end = archive.size - 2;                   /* the data ends two bytes before the padding does */
    archive_add(&archive, "second", "abc");
    for (size_t size = 0; size <= archive.size; size++) {
        unsigned expected = size >= archive.size - 1 ? 2 : size >= first_end ? 1 : 0;
        assert_int_equal(entries_count(&archive, size), expected);
    }
}

static void test_lying_lengths(void **state)
{
    static const char *const lies[] = { "FFFFFFFF", "7FFFFFFF", "00001000", "0000000G", "-0000001", "        " };
    static const size_t fields[] = { NAME_BYTES_FIELD, DATA_BYTES_FIELD };

    (void)state;
    for (size_t field = 0; field < 2; field++) {
        for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
            struct archive archive = { .size = 0 };
            archive_add(&archive, "name", "data");
            memcpy(archive.bytes + fields[field], lies[i], 8);
            assert_int_equal(entries_count(&archive, archive.size), 0);
        }
    }
}

static void test_names(void **state)
{
    struct archive archive = { .size = 0 };

    (void)state;
    archive_add(&archive, "name", "");
    archive.bytes[110 + 4] = 'X';                   /* no NUL at the end */
    assert_int_equal(entries_count(&archive, archive.size), 0);
    archive.bytes[110 + 4] = '\0';
    assert_int_equal(entries_count(&archive, archive.size), 1);
    archive.bytes[110 + 2] = '\0';                  /* a second one inside */
    assert_int_equal(entries_count(&archive, archive.size), 0);
    memcpy(archive.bytes + NAME_BYTES_FIELD, "00000000", 8);
    assert_int_equal(entries_count(&archive, archive.size), 0);

    archive.size = 0;                               /* longer than the trailer's name, so a file */
    archive_add(&archive, "TRAILER!!!s", "");
    assert_int_equal(entries_count(&archive, archive.size), 1);
}

static void test_bad_magic_and_position(void **state)
{
    struct archive archive = { .size = 0 };
    struct cpio_entry entry;
    uint64_t position = UINT64_MAX;

    (void)state;
    archive_add(&archive, "name", "");
    assert_false(cpio_next(archive.bytes, archive.size, &position, &entry));
    position = archive.size;
    assert_false(cpio_next(archive.bytes, archive.size, &position, &entry));
    archive.bytes[5] = '2';                         /* "newc with checksum": another format */
    assert_int_equal(entries_count(&archive, archive.size), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_files),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_lying_lengths),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_magic_and_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
