/*
 * test_interp_view.c - what is kept of an address space while CR3 names another one (struct view, x86/space.c): that it
 * is there again, and that it is not where the guest's tables say otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_pc.h"
#include "vpc/x86/access.h"

#define DIRECTORY 0x40000u
#define TABLE 0x44000u              /* of the first directory; that of the other one behind it */
#define ELSEWHERE 0x60000u          /* from a page's one place to its other one */
#define CODE 0x20000u
#define DATA 0x30000u
#define USER_STACK 0x38000u

static struct fake_pc pc;

static void put(uint32_t at, uint32_t value)
{
    fake_pc_put(&pc, at, value, 4);
}

/* Two directories, each with a table of its own for the first MiB. */
static void begin(void)
{
    fake_pc_init(&pc);
    fake_pc_protect(&pc, 0);
    for (uint32_t i = 0; i < 2; i++) {
        put(DIRECTORY + i * PAGE_SIZE, (TABLE + i * PAGE_SIZE) | 7);
        for (uint32_t page = 0; page < 256; page++)
            put(TABLE + i * PAGE_SIZE + page * 4, page << PAGE_SHIFT | 7);
    }
    pc.interp.cpu.cr3 = DIRECTORY;
    pc.interp.cpu.cr0 |= CR0_PG | CR0_WP;
    interp_flush(&pc.interp);
}

/* One instruction, in privilege 0. */
static void run_code(const char *code, unsigned bytes, uint32_t eax, uint32_t ebx)
{
    memcpy(pc.ram + CODE, code, bytes);
    pc.interp.cpu.eip = CODE;
    pc.interp.cpu.gpr[GPR_EAX] = eax;
    pc.interp.cpu.gpr[GPR_EBX] = ebx;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
}

static void load_from(uint32_t address)
{
    run_code("\x8B\x03", 2, 0, address);
}

static void load_cr3(uint32_t directory)
{
    run_code("\x0F\x22\xD8", 3, directory, 0);
}

static bool is_translated(uint32_t page)
{
    return softtlb_slot(softtlb_of(&pc.interp, false), page)->read_page == page;
}

/* A space has at once what it had when it was loaded last, but for what its tables say no more. */
static void test_translations_come_again(void **state)
{
    (void)state;
    begin();
    load_from(DATA);
    load_from(USER_STACK);
    load_cr3(DIRECTORY + PAGE_SIZE);
    assert_false(is_translated(DATA));
    put(TABLE + (USER_STACK >> PAGE_SHIFT) * 4, USER_STACK | 7);        /* A is not set any more */
    load_cr3(DIRECTORY);
    assert_true(is_translated(DATA) && is_translated(CODE) && !is_translated(USER_STACK));
}

/* One that hangs on more entries than are looked at begins anew, as most of them may never be used again. */
static void test_crowded_space(void **state)
{
    (void)state;
    begin();
    for (uint32_t page = 0; page < VIEW_CHECKS; page++)
        load_from(0x50000 + page * PAGE_SIZE);
    load_cr3(DIRECTORY);
    assert_false(is_translated(0x50000));
    load_from(DATA);
    load_cr3(DIRECTORY);
    assert_true(is_translated(DATA));
}

static uint32_t read_word(uint32_t address)
{
    load_from(address);
    return pc.interp.cpu.gpr[GPR_EAX];
}

/*
 * A directory's entry is changed and nobody told: what was translated by it may stay so, but not beyond a load of CR3,
 * though the entry is as another page was translated by it meanwhile.
 */
static void test_entry_that_was_two(void **state)
{
    (void)state;
    begin();
    put(DATA, 1);
    put(DATA + ELSEWHERE, 2);
    put(TABLE + PAGE_SIZE + (DATA >> PAGE_SHIFT) * 4, (DATA + ELSEWHERE) | 0x67);
    assert_int_equal(read_word(DATA), 1);
    put(DIRECTORY, (TABLE + PAGE_SIZE) | 7);
    (void)read_word(DATA + 5 * PAGE_SIZE);
    load_cr3(DIRECTORY);
    assert_int_equal(read_word(DATA), 2);
}

/* The same of D of a page of 4 MiB: it is taken away after a write, and another part of the page is only read. */
static void test_dirty_bit_that_was_taken_away(void **state)
{
    (void)state;
    begin();
    pc.interp.cpu.cr4 |= CR4_PSE;
    put(DIRECTORY, 0x87);
    interp_flush(&pc.interp);
    run_code("\x89\x03", 2, 0, DATA);
    assert_int_equal(fake_pc_get(&pc, DIRECTORY, 4), 0xE7);
    put(DIRECTORY, 0xA7);
    load_from(USER_STACK);
    load_cr3(DIRECTORY);
    run_code("\x89\x03", 2, 0, DATA);
    assert_int_equal(fake_pc_get(&pc, DIRECTORY, 4), 0xE7);
}

/* A page that is to be read only, as the bus wants to hear of writes, is translated by a write as well. */
static void test_write_that_is_not_direct(void **state)
{
    (void)state;
    begin();
    put(DATA, 1);
    put(DATA + ELSEWHERE, 2);
    pc.rom_address = DATA;
    run_code("\x89\x03", 2, 0, DATA);
    assert_true(is_translated(DATA));
    put(TABLE + (DATA >> PAGE_SHIFT) * 4, (DATA + ELSEWHERE) | 0x67);
    load_cr3(DIRECTORY);
    assert_int_equal(read_word(DATA), 2);
}

/* Each of more spaces than there are views has its own, whichever gives way. */
static void test_many_spaces(void **state)
{
    (void)state;
    begin();
    for (uint32_t i = 0; i < 2 * VIEWS; i++) {
        uint32_t directory = 0xA0000 + i * 2 * PAGE_SIZE, table = directory + PAGE_SIZE;
        memcpy(pc.ram + table, pc.ram + TABLE, PAGE_SIZE);
        put(directory, table | 7);
        put(table + (DATA >> PAGE_SHIFT) * 4, (0xD0000 + i * PAGE_SIZE) | 7);
        put(0xD0000 + i * PAGE_SIZE, i);
    }
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t space = i * i % 7 + (i & 1);
        load_cr3(0xA0000 + space * 2 * PAGE_SIZE);
        assert_int_equal(read_word(DATA), space);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_translations_come_again),
        cmocka_unit_test(test_crowded_space),
        cmocka_unit_test(test_entry_that_was_two),
        cmocka_unit_test(test_dirty_bit_that_was_taken_away),
        cmocka_unit_test(test_write_that_is_not_direct),
        cmocka_unit_test(test_many_spaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
