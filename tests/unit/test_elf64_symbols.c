/*
 * test_elf64_symbols.c - names for panic backtraces: which symbol covers an address, and damaged tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/elf64_symbols.h"

#define BASE 0xFFFFFFFF80000000ull

struct section {
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t alignment, entry_bytes;
};

struct symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
};

static const char name_table[] = "\0outer\0label\0inner\0data\0absolute\0last";
enum { OUTER = 1, LABEL = 7, INNER = 13, DATA = 19, ABSOLUTE = 24, LAST = 33 };

struct file {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    struct section sections[4];
    struct symbol symbols[8];
    char names[sizeof(name_table)];
};

static struct file make_file(void)
{
    struct file file = {
        .ident = "\177ELF\2\1\1",
        .shoff = offsetof(struct file, sections),
        .shentsize = sizeof(struct section),
        .shnum = 4,
        .sections = {
            [1] = { .type = 1 },
            [2] = { .type = 2, .offset = offsetof(struct file, symbols), .size = sizeof(struct symbol[8]), .link = 3 },
            [3] = { .type = 3, .offset = offsetof(struct file, names), .size = sizeof(name_table) },
        },
        .symbols = {
            [1] = { LABEL, 0x10, 0, 1, BASE + 0x1000, 0 },
            [2] = { OUTER, 0x12, 0, 1, BASE + 0x1000, 0x100 },
            [3] = { INNER, 0x02, 0, 1, BASE + 0x2000, 0x20 },
            [4] = { DATA, 0x11, 0, 2, BASE + 0x2008, 8 },
            [5] = { ABSOLUTE, 0x10, 0, 0xFFF1, BASE + 0x2008, 0 },
            [6] = { LABEL, 0x10, 0, 0, BASE + 0x2008, 0 },
            [7] = { LAST, 0x10, 0, 1, BASE + 0x3000, 0 },
        },
    };
    memcpy(file.names, name_table, sizeof(name_table));
    return file;
}

static void expect(const struct elf64_symbols *symbols, uint64_t address, const char *name, uint64_t distance)
{
    uint64_t offset = 0;
    const char *found = elf64_symbols_find(symbols, address, &offset);

    if (name == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, name);
    assert_true(offset == distance);
}

static void test_find(void **state)
{
    struct elf64_symbols symbols;
    struct file file = make_file();

    (void)state;
    assert_true(elf64_symbols_keep(&symbols, &file, sizeof(file)));
    expect(&symbols, 0, NULL, 0);
    expect(&symbols, BASE + 0xFFF, NULL, 0);
    expect(&symbols, BASE + 0x1000, "outer", 0);
    expect(&symbols, BASE + 0x10FF, "outer", 0xFF);
    expect(&symbols, BASE + 0x1100, NULL, 0);           /* after its end, and nothing else there */
    expect(&symbols, BASE + 0x2010, "inner", 0x10);     /* neither data nor absolute values nor undefined symbols */
    expect(&symbols, BASE + 0x2020, NULL, 0);
    expect(&symbols, BASE + 0x3000, "last", 0);
    expect(&symbols, BASE + 0x12FFF, "last", 0xFFFF);
    expect(&symbols, BASE + 0x13000, NULL, 0);
    expect(&symbols, 0x80001000, NULL, 0);
}

/* Three of the eight are kept here, 12 bytes each, at the end of the table: what lies before is free for other use. */
static void test_place(void **state)
{
    struct elf64_symbols symbols;
    struct file file = make_file();

    (void)state;
    file.symbols[3].value = 0x2000;     /* in other 4 GiB */
    assert_true(elf64_symbols_keep(&symbols, &file, sizeof(file)));
    assert_int_equal(symbols.count, 3);
    assert_ptr_equal(symbols.table, (uint8_t *)&file.symbols[8] - 3 * 12);
    memset(&file, 0xA5, (size_t)(symbols.table - (uint8_t *)&file));
    expect(&symbols, BASE + 0x10FF, "outer", 0xFF);
    expect(&symbols, BASE + 0x2010, NULL, 0);
    expect(&symbols, BASE + 0x3000, "last", 0);
}

static void test_no_table(void **state)
{
    struct elf64_symbols symbols;
    struct file file = make_file();

    (void)state;
    assert_false(elf64_symbols_keep(&symbols, &file, 0));
    assert_false(elf64_symbols_keep(&symbols, &file, 63));
    expect(&symbols, BASE + 0x1000, NULL, 0);
    assert_false(elf64_symbols_keep(&symbols, &file, offsetof(struct file, names) + 1));
    file.sections[2].type = 11;
    assert_false(elf64_symbols_keep(&symbols, &file, sizeof(file)));
    file = make_file();
    file.ident[4] = 1;
    assert_false(elf64_symbols_keep(&symbols, &file, sizeof(file)));
    file = make_file();
    file.sections[2].link = 4;
    assert_false(elf64_symbols_keep(&symbols, &file, sizeof(file)));
    file = make_file();
    file.sections[3].type = 1;
    assert_false(elf64_symbols_keep(&symbols, &file, sizeof(file)));
    file = make_file();
    file.shoff = UINT64_MAX - 63;
    assert_false(elf64_symbols_keep(&symbols, &file, sizeof(file)));
}

static void test_names_that_do_not_end(void **state)
{
    struct elf64_symbols symbols;
    struct file file = make_file();

    (void)state;
    file.names[sizeof(name_table) - 1] = 'x';
    file.symbols[3].name = 0xFFFFFFFF;
    assert_true(elf64_symbols_keep(&symbols, &file, sizeof(file)));
    expect(&symbols, BASE + 0x3000, NULL, 0);
    expect(&symbols, BASE + 0x2010, NULL, 0);
    expect(&symbols, BASE + 0x1000, "outer", 0);
}

/* Random damage must do no harm; AddressSanitizer judges. */
static void test_random_damage(void **state)
{
    (void)state;
    for (int round = 0; round < 50000; round++) {
        struct elf64_symbols symbols;
        struct file file = make_file();
        uint64_t offset;
        uint8_t *room = malloc(sizeof(file));
        memcpy(room, &file, sizeof(file));
        for (int changes = 1 + rand() % 3; changes > 0; changes--)
            room[(size_t)rand() % sizeof(file)] = (uint8_t)rand();
        elf64_symbols_keep(&symbols, room, sizeof(file) - (rand() % 4 == 0 ? (size_t)rand() % sizeof(file) : 0));
        const char *name = elf64_symbols_find(&symbols, BASE + (uint64_t)rand() % 0x4000, &offset);
        if (name != NULL)
            assert_true(strlen(name) < sizeof(file));
        free(room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_no_table),
        cmocka_unit_test(test_names_that_do_not_end),
        cmocka_unit_test(test_random_damage),
    };
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
