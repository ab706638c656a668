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

#include "guest/elf32.h"

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

/* An image: header, three sections (null, .symtab, .strtab), then the tables. */
static struct {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version, entry, phoff, shoff, flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    struct section sections[3];
    struct symbol symbols[SYMBOLS_MAX];
    char names[NAMES_MAX];
} file;

static uint32_t symbol_count, names_bytes;
static struct image_symbols symbols;

static void add_symbol(const char *name, uint32_t value, unsigned type, uint16_t section)
{
    assert_true(symbol_count < SYMBOLS_MAX && names_bytes + strlen(name) + 1 <= NAMES_MAX);
    file.symbols[symbol_count++] = (struct symbol){ names_bytes, value, 0, (uint8_t)(0x10 | type), 0, section };
    strcpy(file.names + names_bytes, name);
    names_bytes += (uint32_t)strlen(name) + 1;
    file.sections[1].size = symbol_count * (uint32_t)sizeof(struct symbol);
    file.sections[2].size = names_bytes;
}

static int set_up(void **state)
{
    (void)state;
    memset(&file, 0, sizeof(file));
    memcpy(file.ident, "\177ELF\1\1\1", 7);
    file.shoff = 52;
    file.shentsize = sizeof(struct section);
    file.shnum = 3;
    file.sections[1].type = 2;
    file.sections[1].link = 2;
    file.sections[1].offset = offsetof(typeof(file), symbols);
    file.sections[2].type = 3;
    file.sections[2].offset = offsetof(typeof(file), names);
    symbol_count = names_bytes = 0;
    add_symbol("", 0, LABEL, 0);
    symbols = (struct image_symbols){ 0 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(symbols.storage);
    return 0;
}

/* What the image is said to need holds as many names as the most that it may have; AddressSanitizer watches. */
static void load_bytes(uint64_t file_bytes)
{
    static uint64_t most[IMAGE_SYMBOLS_MAX_BYTES / sizeof(uint64_t)];
    struct image_symbols roomy = { .storage_bytes = sizeof(most), .storage = most };

    image_symbols_load(&roomy, &file, file_bytes);
    free(symbols.storage);
    symbols.storage_bytes = image_symbols_bytes(&file, file_bytes);
    assert_in_range(symbols.storage_bytes, 0, IMAGE_SYMBOLS_MAX_BYTES);
    symbols.storage = symbols.storage_bytes ? malloc(symbols.storage_bytes) : NULL;
    image_symbols_load(&symbols, &file, file_bytes);
    assert_int_equal(symbols.count, roomy.count);
}

static void load(void)
{
    load_bytes(sizeof(file));
}

static void expect(uint32_t address, const char *name, uint32_t distance)
{
    uint32_t offset = 0xFFFF;
    const char *found = image_symbols_find(&symbols, address, &offset);

    if (name == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, name);
    assert_int_equal(offset, distance);
}

static void test_find(void **state)
{
    (void)state;
    add_symbol("main", 0x100200, FUNCTION, 1);
    add_symbol("start", 0x100000, LABEL, 1);
    add_symbol("panic", 0x100100, FUNCTION, 1);
    load();
    assert_int_equal(symbols.count, 3);
    expect(0xFFFFF, NULL, 0);
    expect(0x100000, "start", 0);
    expect(0x1000FF, "start", 0xFF);
    expect(0x100100, "panic", 0);
    expect(0x1001FF, "panic", 0xFF);
    expect(0x100212, "main", 0x12);
    expect(0x200200, "main", 0x100000);
    expect(0x200201, NULL, 0);          /* too far to mean anything */
    expect(0xFFFFFFFF, NULL, 0);
}

static void test_what_is_kept(void **state)
{
    (void)state;
    add_symbol("external", 0x100000, FUNCTION, 0);
    add_symbol("constant", 0x100000, LABEL, 0xFFF1);
    add_symbol("variable", 0x100000, OBJECT, 1);
    add_symbol("", 0x100000, FUNCTION, 1);
    load();
    assert_int_equal(symbols.count, 0);
    expect(0x100000, NULL, 0);
}

static void test_function_beats_label(void **state)
{
    (void)state;
    add_symbol("text_start", 0x100000, LABEL, 1);
    add_symbol("main", 0x100000, FUNCTION, 1);
    add_symbol("also_here", 0x100000, LABEL, 1);
    load();
    expect(0x100004, "main", 4);
}

/* Names go into reports and from there into a TAP stream: nothing but printable ASCII, and not too much of it. */
static void test_hostile_names(void **state)
{
    char long_name[200];

    (void)state;
    memset(long_name, 'n', sizeof(long_name));
    long_name[199] = '\0';
    add_symbol("a\nok 1\x1b\x80", 0x100000, FUNCTION, 1);
    add_symbol(long_name, 0x200000, FUNCTION, 1);
    load();
    expect(0x100000, "a?ok?1??", 0);
    long_name[63] = '\0';
    expect(0x200000, long_name, 0);
}

static void test_more_than_fits(void **state)
{
    char name[40];
    uint32_t offset;

    (void)state;
    for (uint32_t i = 0; i < 2500; i++) {
        snprintf(name, sizeof(name), "label_%05u", i);
        add_symbol(name, 0x100000 + i * 16, LABEL, 1);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t shuffled = i * 7919 % 1000;
        snprintf(name, sizeof(name), "function_%05u", shuffled);
        add_symbol(name, 0x800000 + shuffled * 16, FUNCTION, 1);
    }
    load();
    assert_in_range(symbols.count, 1200, 2500);
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "function_%05u", i);
        expect(0x800000 + i * 16 + 5, name, 5);
    }
    assert_string_equal(image_symbols_find(&symbols, 0x100000, &offset), "label_00000");
}

static void test_none(void **state)
{
    (void)state;
    add_symbol("main", 0x100200, FUNCTION, 1);
    struct image_symbols without_storage = { .count = 5 };
    image_symbols_load(&without_storage, &file, sizeof(file));
    assert_int_equal(without_storage.count, 0);
    expect(0x100200, NULL, 0);
    load_bytes(0);
    assert_int_equal(symbols.count, 0);
    load_bytes(51);
    assert_int_equal(symbols.count, 0);
}

static void test_malformed_tables(void **state)
{
    uint32_t *const fields[] = { &file.sections[1].offset, &file.sections[1].size, &file.sections[1].link,
                                 &file.sections[2].offset, &file.sections[2].size, &file.shoff };
    (void)state;
    add_symbol("main", 0x100200, FUNCTION, 1);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uint32_t good = *fields[i];
        *fields[i] = 0xFFFFFFF8;
        load();
        assert_int_equal(symbols.count, 0);
        *fields[i] = good;
    }
    load();
    assert_int_equal(symbols.count, 1);
    file.sections[2].size -= 1;         /* the last name does not end inside its table */
    load();
    assert_int_equal(symbols.count, 0);
    file.sections[2].size += 1;
    file.sections[1].link = 1;          /* names must come from a string table */
    load();
    assert_int_equal(symbols.count, 0);
}

/* Random damage must do no harm; AddressSanitizer judges. */
static void test_random_damage(void **state)
{
    uint32_t offset;

    (void)state;
    for (uint32_t i = 0; i < 20; i++)
        add_symbol("name", 0x100000 + i, i % 2 ? FUNCTION : LABEL, 1);
    size_t front = offsetof(typeof(file), symbols) + symbol_count * sizeof(struct symbol);
    uint8_t *whole = (uint8_t *)&file;
    for (int round = 0; round < 20000; round++) {
        size_t at = (size_t)rand() % front;
        uint8_t good = whole[at];
        whole[at] = (uint8_t)rand();
        load();
        image_symbols_find(&symbols, (uint32_t)rand(), &offset);
        whole[at] = good;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_find, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_function_beats_label, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hostile_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_more_than_fits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_malformed_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_damage, set_up, tear_down),
    };
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
