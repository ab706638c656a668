/*
 * test_image_symbols.c - names from a guest's symbol table: which are kept, which is found, what malformed tables do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guest/image_symbols.h"

#define SYMBOLS_MAX 4000
#define NAMES_MAX 200000

#define FUNCTION 2
#define LABEL 0
#define OBJECT 1

struct section {
    uint32_t name, type, flags, address, offset, size, link, info, alignment, entry_bytes;
};

struct symbol {
    uint32_t name, value, size;
    uint8_t info, other;
    uint16_t section;
};

/* An image: header, sections (null, code, .symtab, .strtab), then the tables. */
static struct {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    struct section sections[4];
    struct symbol symbols[SYMBOLS_MAX];
    char names[NAMES_MAX];
} file;

static uint32_t symbol_count, names_bytes;
static struct image_bytes image;

static void add_sized(const char *name, uint32_t value, uint32_t size, unsigned type, uint16_t section)
{
    assert_true(symbol_count < SYMBOLS_MAX && names_bytes + strlen(name) + 1 <= NAMES_MAX);
    file.symbols[symbol_count++] = (struct symbol){ names_bytes, value, size, (uint8_t)(0x10 | type), 0, section };
    strcpy(file.names + names_bytes, name);
    names_bytes += (uint32_t)strlen(name) + 1;
    file.sections[2].size = symbol_count * (uint32_t)sizeof(struct symbol);
    file.sections[3].size = names_bytes;
}

static void add_symbol(const char *name, uint32_t value, unsigned type, uint16_t section)
{
    add_sized(name, value, 0, type, section);
}

/* Section 1 is the code, from 1 MiB on; the tables stand in 2 and 3. */
static int set_up(void **state)
{
    (void)state;
    memset(&file, 0, sizeof(file));
    memcpy(file.ident, "\177ELF\1\1\1", 7);
    file.shoff = 52;
    file.shentsize = sizeof(struct section);
    file.shnum = 4;
    file.sections[1] = (struct section){ .type = 8, .address = 0x100000, .size = 0x1000 };
    file.sections[2].type = 2;
    file.sections[2].link = 3;
    file.sections[2].offset = offsetof(typeof(file), symbols);
    file.sections[3].type = 3;
    file.sections[3].offset = offsetof(typeof(file), names);
    symbol_count = names_bytes = 0;
    add_symbol("", 0, LABEL, 0);
    image = (struct image_bytes){ (const uint8_t *)&file, sizeof(file) };
    return 0;
}

static void expect_place(struct image_place place, const char *name, uint32_t distance)
{
    struct image_place *places[] = { &place };

    image_symbols_name(&image, places, 1);
    if (name == NULL) {
        assert_null(place.name);
        return;
    }
    assert_non_null(place.name);
    assert_int_equal(place.name_bytes, strlen(name));
    assert_memory_equal(place.name, name, strlen(name));
    assert_int_equal(place.offset, distance);
}

static void expect(uint32_t address, const char *name, uint32_t distance)
{
    expect_place((struct image_place){ .address = address }, name, distance);
}

static void test_labels(void **state)
{
    (void)state;
    add_symbol("main", 0x100200, FUNCTION, 1);
    add_symbol("start", 0x100000, LABEL, 1);
    add_symbol("panic", 0x100100, FUNCTION, 1);
    expect(0xFFFFF, NULL, 0);
    expect(0x100000, "start", 0);
    expect(0x1000FF, "start", 0xFF);
    expect(0x100100, "panic", 0);
    expect(0x1001FF, "panic", 0xFF);
    expect(0x100212, "main", 0x12);
    expect(0x100FFF, "main", 0xDFF);
    expect(0x101000, NULL, 0);          /* another section, if any */
    expect(0xFFFFFFFF, NULL, 0);
}

/* What has a size holds that, and no more: what follows is no "_start+0x460". */
static void test_sizes(void **state)
{
    (void)state;
    add_sized("_start", 0x100000, 0x20, FUNCTION, 1);
    add_sized("table", 0x100100, 0x80, OBJECT, 1);
    add_sized("inner", 0x100140, 0x10, OBJECT, 1);
    add_symbol("label", 0x100010, LABEL, 1);
    expect(0x10001F, "_start", 0x1F);   /* a label within a function is not what it is called */
    expect(0x100020, "label", 0x10);
    expect(0x100100, "table", 0);
    expect(0x10014F, "inner", 0xF);
    expect(0x100150, "table", 0x50);
    expect(0x100180, NULL, 0);
}

/* A call that does not return is the last of its function: its return address lies behind it. */
static void test_return_address(void **state)
{
    (void)state;
    add_sized("dies", 0x100000, 0x20, FUNCTION, 1);
    add_sized("other", 0x100020, 0x20, FUNCTION, 1);
    expect(0x100020, "other", 0);
    expect_place((struct image_place){ .address = 0x100020, .is_return = true }, "dies", 0x20);
}

static void test_what_is_kept(void **state)
{
    (void)state;
    add_symbol("external", 0x100000, FUNCTION, 0);
    add_symbol("constant", 0x100000, LABEL, 0xFFF1);
    add_symbol("file", 0x100000, 4, 1);
    add_symbol("", 0x100000, FUNCTION, 1);
    expect(0x100000, NULL, 0);
}

static void test_function_beats_label(void **state)
{
    (void)state;
    add_symbol("text_start", 0x100000, LABEL, 1);
    add_symbol("main", 0x100000, FUNCTION, 1);
    add_symbol("also_here", 0x100000, LABEL, 1);
    expect(0x100004, "main", 4);
}

static void test_by_name(void **state)
{
    uint32_t address = 0, bytes = 0;

    (void)state;
    add_sized("sdk_stack_top", 0x100800, 0, LABEL, 1);
    add_sized("sdk_stack", 0x100400, 0x400, OBJECT, 1);
    assert_true(image_symbols_find(&image, "sdk_stack", &address, &bytes));
    assert_int_equal(address, 0x100400);
    assert_int_equal(bytes, 0x400);
    assert_false(image_symbols_find(&image, "sdk_stac", &address, &bytes));
}

/* A hostile table is as long as it likes: places are named, the first first, while steps are left for one more walk. */
static void test_bounded(void **state)
{
    static struct image_place many[200];
    struct image_place *places[200];
    unsigned named = 0;

    (void)state;
    for (uint32_t i = 0; i < SYMBOLS_MAX - 1; i++)
        add_symbol("f", 0x100000, FUNCTION, 1);
    for (unsigned i = 0; i < 200; i++) {
        many[i] = (struct image_place){ .address = 0x100000 };
        places[i] = &many[i];
    }
    image_symbols_name(&image, places, 200);
    for (unsigned i = 0; i < 200; i++)
        named += many[i].name != NULL;
    assert_int_equal(named, IMAGE_SYMBOL_STEPS / SYMBOLS_MAX - 1);
    assert_non_null(many[named - 1].name);
}

/* Names are at most 63 bytes; what is no text is told as it is, and shown by report_text.c. */
static void test_long_names(void **state)
{
    char long_name[200];

    (void)state;
    memset(long_name, 'n', sizeof(long_name));
    long_name[199] = '\0';
    add_symbol(long_name, 0x100000, FUNCTION, 1);
    long_name[63] = '\0';
    expect(0x100000, long_name, 0);
}

static void test_none(void **state)
{
    (void)state;
    add_symbol("main", 0x100200, FUNCTION, 1);
    expect(0x100200, "main", 0);
    image.size = 51;
    expect(0x100200, NULL, 0);
    image = (struct image_bytes){ NULL, 0 };
    expect(0x100200, NULL, 0);
}

static void test_malformed_tables(void **state)
{
    uint32_t *const fields[] = { &file.sections[2].offset, &file.sections[2].size, &file.sections[2].link,
                                 &file.sections[3].offset, &file.sections[3].size, &file.shoff };
    (void)state;
    add_symbol("main", 0x100200, FUNCTION, 1);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uint32_t good = *fields[i];
        *fields[i] = 0xFFFFFFF8;
        expect(0x100200, NULL, 0);
        *fields[i] = good;
    }
    expect(0x100200, "main", 0);
    file.sections[3].size -= 1;         /* the last name does not end inside its table */
    expect(0x100200, NULL, 0);
    file.sections[3].size += 1;
    file.sections[2].link = 1;          /* names must come from a string table */
    expect(0x100200, NULL, 0);
}

/* Random damage must do no harm; AddressSanitizer judges. */
static void test_random_damage(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++)
        add_symbol("name", 0x100000 + i, i % 2 ? FUNCTION : LABEL, 1);
    size_t front = offsetof(typeof(file), symbols) + symbol_count * sizeof(struct symbol);
    uint8_t *whole = (uint8_t *)&file;
    for (int round = 0; round < 20000; round++) {
        size_t at = (size_t)rand() % front;
        uint8_t good = whole[at];
        whole[at] = (uint8_t)rand();
        struct image_place place = { .address = 0x100000 + (uint32_t)rand() % 0x1000 }, *places[] = { &place };
        image_symbols_name(&image, places, 1);
        whole[at] = good;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_labels, set_up),
        cmocka_unit_test_setup(test_sizes, set_up),
        cmocka_unit_test_setup(test_return_address, set_up),
        cmocka_unit_test_setup(test_what_is_kept, set_up),
        cmocka_unit_test_setup(test_function_beats_label, set_up),
        cmocka_unit_test_setup(test_by_name, set_up),
        cmocka_unit_test_setup(test_bounded, set_up),
        cmocka_unit_test_setup(test_long_names, set_up),
        cmocka_unit_test_setup(test_none, set_up),
        cmocka_unit_test_setup(test_malformed_tables, set_up),
        cmocka_unit_test_setup(test_random_damage, set_up),
    };
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
