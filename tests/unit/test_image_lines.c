/*
 * test_image_lines.c - source lines of guests that real compilers made, in each version of DWARF; what damage does.
 *
 * The arguments are images of lines_fixture.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/image_lines.h"
#include "guest/image_symbols.h"

#define IMAGES_MAX 8
#define IMAGE_START 0x400000u
#define IMAGE_END 0x402000u

static struct image_bytes images[IMAGES_MAX];
static unsigned image_count;

static struct image_bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    static uint8_t buffer[1 << 20];

    assert_non_null(file);
    size_t size = fread(buffer, 1, sizeof(buffer), file);
    fclose(file);
    uint8_t *bytes = malloc(size);      /* of its size: AddressSanitizer watches its end */
    memcpy(bytes, buffer, size);
    return (struct image_bytes){ bytes, size };
}

static struct image_place find(const struct image_bytes *image, uint32_t address, bool is_return)
{
    struct image_place place = { .address = address, .is_return = is_return }, *places[] = { &place };

    image_lines_find(image, places, 1);
    return place;
}

static void expect(const struct image_place *place, const char *file, uint32_t line)
{
    assert_non_null(place->file);
    assert_int_equal(place->file_bytes, strlen(file));
    assert_memory_equal(place->file, file, strlen(file));
    assert_int_equal(place->line, line);
}

/* Where a function is, by its name: the images are small, and begin where ld.lld puts them. */
static uint32_t start_of(const struct image_bytes *image, const char *name, uint32_t *bytes)
{
    uint32_t start = 0;

    *bytes = 0;
    for (uint32_t address = IMAGE_START; address < IMAGE_END; address++) {
        struct image_place place = { .address = address }, *places[] = { &place };
        image_symbols_name(image, places, 1);
        if (place.name == NULL || place.name_bytes != strlen(name) || memcmp(place.name, name, strlen(name)) != 0)
            continue;
        start = *bytes == 0 ? address : start;
        ++*bytes;
    }
    assert_int_not_equal(start, 0);
    return start;
}

static void test_functions(void **state)
{
    static const struct {
        const char *name, *file;
        uint32_t line, last_line;
    } functions[] = {
        { "first", "one.c", 101, 103 }, { "second", "two.h", 2001, 2006 }, { "last", "three.c", 70001, 70003 },
    };

    (void)state;
    for (unsigned i = 0; i < image_count; i++) {
        for (unsigned f = 0; f < 3; f++) {
            uint32_t bytes, start = start_of(&images[i], functions[f].name, &bytes);
            struct image_place place = find(&images[i], start, false);
            expect(&place, functions[f].file, place.line);
            uint32_t lowest = UINT32_MAX, highest = 0;
            for (uint32_t at = start; at < start + bytes; at++) {
                place = find(&images[i], at, false);
                if (place.file == NULL)
                    continue;           /* line 0 */
                expect(&place, functions[f].file, place.line);
                lowest = place.line < lowest ? place.line : lowest;
                highest = place.line > highest ? place.line : highest;
            }
            assert_in_range(lowest, functions[f].line, functions[f].line + 1);  /* some have no code for its brace */
            assert_in_range(highest, functions[f].line + 1, functions[f].last_line);
        }
    }
}

/* Behind a call that is the last of its function. */
static void test_return_address(void **state)
{
    (void)state;
    for (unsigned i = 0; i < image_count; i++) {
        uint32_t bytes, start = start_of(&images[i], "first", &bytes);
        struct image_place place = find(&images[i], start + bytes, true);
        expect(&place, "one.c", place.line);
    }
}

static void test_nowhere(void **state)
{
    (void)state;
    for (unsigned i = 0; i < image_count; i++) {
        assert_null(find(&images[i], 0, false).file);
        assert_null(find(&images[i], 0xFFFFFFFF, false).file);
        struct image_bytes none = { images[i].bytes, 51 };
        assert_null(find(&none, start_of(&images[i], "first", &(uint32_t){ 0 }), false).file);
    }
    assert_null(find(&(struct image_bytes){ NULL, 0 }, 0x100000, false).file);
}

/* One walk serves many places. */
static void test_many(void **state)
{
    struct image_place list[64], *places[64];

    (void)state;
    for (unsigned i = 0; i < image_count; i++) {
        uint32_t bytes, start = start_of(&images[i], "second", &bytes);
        for (uint32_t n = 0; n < 64; n++) {
            list[n] = (struct image_place){ .address = start + n % bytes };
            places[n] = &list[n];
        }
        image_lines_find(&images[i], places, 64);
        for (uint32_t n = 0; n < 64; n++)
            assert_int_equal(list[n].line, find(&images[i], start + n % bytes, false).line);
    }
}

/* Random damage must do no harm; the sanitizers judge. */
static void test_damage(void **state)
{
    (void)state;
    for (unsigned i = 0; i < image_count; i++) {
        uint32_t bytes, start = start_of(&images[i], "second", &bytes);
        uint8_t *whole = (uint8_t *)images[i].bytes;
        for (int round = 0; round < 4000; round++) {
            size_t at = (size_t)rand() % images[i].size;
            uint8_t good = whole[at];
            whole[at] = (uint8_t)rand();
            struct image_place place = find(&images[i], start + (uint32_t)round % bytes, false);
            if (place.file != NULL) {
                assert_true((const uint8_t *)place.file >= whole);
                assert_true((const uint8_t *)place.file + place.file_bytes <= whole + images[i].size);
            }
            whole[at] = good;
        }
    }
}

/*
 * A hostile file: one unit of DWARF 5, whose program is padded with NEGATE and then has one row; whose files have as
 * many long texts each as there may be.
 */
static struct image_bytes make_hostile(uint32_t padding, uint32_t files)
{
    static const char names[] = "\0.debug_line\0.debug_line_str\0.names";
    static const uint8_t head[] = { 1, 1, 1, 0, 12, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 16,
                                    1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F,
                                    1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F, 1, 0x1F };
    static const uint8_t row[] = { 0, 5, 2, 0, 0, 0x40, 0, 1, 2, 16, 0, 1, 1 };
    static uint8_t hostile[1 << 20];
    uint32_t tables = 4 + 64 * files, header = (uint32_t)sizeof(head) + tables, at = 52 + 4 * 40;
    uint32_t line_bytes = 12 + header + padding + (uint32_t)sizeof(row);
    const uint32_t sections[4][6] = { { 0 }, { 1, 1, 0, 0, at, line_bytes }, { 13, 1, 0, 0, at + line_bytes, 1024 },
                                      { 29, 3, 0, 0, at + line_bytes + 1024, sizeof(names) } };
    const uint32_t unit[] = { line_bytes - 4, 5 | 4 << 16, header };
    const uint16_t numbers[] = { 2, 3 }, counts[] = { 52, 32, 0, 40, 4, 3 };
    uint8_t *to = hostile + at;

    memset(hostile, 0, sizeof(hostile));
    memcpy(hostile, "\177ELF\1\1\1", 7);
    memcpy(hostile + 16, numbers, sizeof(numbers));
    memcpy(hostile + 32, &(uint32_t){ 52 }, 4);
    memcpy(hostile + 40, counts, sizeof(counts));
    for (unsigned i = 0; i < 4; i++)
        memcpy(hostile + 52 + 40 * i, sections[i], sizeof(sections[i]));
    memcpy(to, unit, sizeof(unit));
    memcpy(to += sizeof(unit), head, sizeof(head));
    for (unsigned i = 0; i < 4; i++)        /* LEB128 of any length */
        to[sizeof(head) + i] = (uint8_t)((files >> 7 * i & 0x7F) | (i < 3 ? 0x80 : 0));
    memset(to += header, 6, padding);
    memcpy(to + padding, row, sizeof(row));
    memset(to += padding + sizeof(row), 'y', 1023);
    memcpy(to + 1024, names, sizeof(names));
    return (struct image_bytes){ hostile, sizeof(hostile) };
}

/* Nobody runs while a report is written: the walk ends after so many steps, whatever it is made of. */
static void test_long_program(void **state)
{
    struct image_bytes image = make_hostile(IMAGE_LINE_STEPS / 10, 2);

    (void)state;
    assert_non_null(find(&image, 0x400000, false).file);
    image = make_hostile(IMAGE_LINE_STEPS / 3 + 1, 2);
    assert_null(find(&image, 0x400000, false).file);
}

/* A crash took seconds, in which no other guest ran: each text of each file was read to its end, for each place. */
static void test_long_tables(void **state)
{
    struct image_bytes image = make_hostile(0, IMAGE_LINE_STEPS / (16 * 512) + 1);
    struct image_place list[] = { { .address = 0x400000 }, { .address = 0x400001 } };
    struct image_place *places[] = { &list[0], &list[1] };

    (void)state;
    image_lines_find(&image, places, 2);
    assert_non_null(list[0].file);
    assert_null(list[1].file);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions),  cmocka_unit_test(test_return_address), cmocka_unit_test(test_nowhere),
        cmocka_unit_test(test_many),       cmocka_unit_test(test_damage),         cmocka_unit_test(test_long_program),
        cmocka_unit_test(test_long_tables),
    };
    for (int i = 1; i < argc && image_count < IMAGES_MAX; i++)
        images[image_count++] = read_file(argv[i]);
    srand(1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    while (image_count > 0)
        free((void *)images[--image_count].bytes);
    return failed;
}
