/*
 * test_svm_strings.c - what a string of a device's is under SVM without the interpreter is what it is to the
 * interpreter: any memory, any rights, any segment, any piece of a block of the disk's; and a plain one needs no
 * interpreter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "random.h"
#include "string_pc.h"
#include "vpc/ports.h"

#define CASES 6000u

static const struct form forms[] = {
    { "\xF3\x6D", 2, 4, true, true, true }, { "\xF3\x66\x6D", 3, 2, true, true, true },
    { "\x66\xF3\x6D", 3, 2, true, true, true }, { "\xF3\x6C", 2, 1, true, true, true },
    { "\xF2\x6D", 2, 4, true, true, true }, { "\xF3\x6F", 2, 4, false, true, true },
    { "\xF3\x66\x6F", 3, 2, false, true, true }, { "\xF3\x6E", 2, 1, false, true, true },
    { "\x6D", 1, 4, true, false, false }, { "\x66\x6D", 2, 2, true, false, false },
    { "\xF3\x67\x6D", 3, 4, true, true, false }, { "\xF3\x67\x66\x6D", 4, 2, true, true, false },
    { "\x3E\x6D", 2, 4, true, false, false }, { "\x2E\x6F", 2, 4, false, false, false },
    { "\x2E\xF3\x6F", 3, 4, false, true, false }, { "\x2E\x66\xF3\x6F", 4, 2, false, true, false },
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))
#define PLAIN_FORMS 8u          /* the first ones */

/* A whole sector is one way out, whatever its elements are, in small pages and in large ones, and without paging. */
static void test_a_sector_is_one_exit(void **state)
{
    static const uint32_t places[] = { DATA + 0x200, DATA + PAGE_SIZE - DISK_SECTOR_BYTES, LARGE + 0x30400 };

    (void)state;
    for (unsigned i = 0; i < FORMS; i++) {
        for (unsigned at = 0; at < 4 && forms[i].is_plain; at++) {
            set_up(&forms[i]);
            command(form->is_in ? PRIMARY_READ : PRIMARY_WRITE, 3, 1, 0);
            if (at == 3)
                vpc.interp.cpu.cr0 = CR0_PE;
            set_index(at < 3 ? places[at] : 0x30600, DISK_SECTOR_BYTES / form->element);
            compare();
            assert_int_equal(by_itself, 1);
            assert_int_equal(entries, 1);
            assert_int_equal(by_svm.cpu.eip, CODE + form->length);
        }
    }
}

/* It is one exit to the PC, too, of the last element. */
static void test_what_a_report_tells(void **state)
{
    uint32_t last;

    (void)state;
    set_up(&forms[0]);
    command(PRIMARY_READ, 3, 1, 0);
    set_index(DATA, 128);
    assert_int_equal(finish_by_svm(), EXIT_BUDGET);
    memcpy(&last, file + 4 * DISK_SECTOR_BYTES - sizeof(last), sizeof(last));
    const struct vpc_step *step = &vpc.trail[(vpc.trail_count - 1) % VPC_TRAIL];
    assert_int_equal(vpc.exits[VPC_EXIT_PORT_READ], 1);
    assert_int_equal(step->kind, VPC_EXIT_PORT_READ);
    assert_int_equal(step->eip, CODE);
    assert_int_equal(step->where, PORT);
    assert_int_equal(step->value, last);
}

/* Two pages, and blocks of a sector: a piece each, none by the interpreter. */
static void test_pieces(void **state)
{
    (void)state;
    set_up(&forms[0]);
    command(PRIMARY_READ, 3, 2, 0);
    set_index(DATA + PAGE_SIZE - 0x100, 256);
    compare();
    assert_int_equal(by_itself, 3);
    assert_int_equal(entries, 3);
}

/*
 * Between two blocks an interrupt comes, behind the element that brought it: the guest has the rest still before it.
 */
static void test_an_interrupt_in_midst(void **state)
{
    (void)state;
    set_up(&forms[0]);
    command(PRIMARY_READ, 3, 2, 0);
    (void)ide_read(&vpc.ide, 7);                /* that of the first block is taken */
    ports_write(&vpc, 0x20, 1, 0x11), ports_write(&vpc, 0x21, 1, 0x30), ports_write(&vpc, 0x21, 1, 4);
    ports_write(&vpc, 0x21, 1, 1), ports_write(&vpc, 0x21, 1, 0);
    ports_write(&vpc, 0xA0, 1, 0x11), ports_write(&vpc, 0xA1, 1, 0x38), ports_write(&vpc, 0xA1, 1, 2);
    ports_write(&vpc, 0xA1, 1, 1), ports_write(&vpc, 0xA1, 1, 0);
    set_index(DATA, 256);
    vmcb_put(block, &vpc.interp.cpu);
    block->rflags |= EFLAGS_IF;
    block->exit_info1 = PORT << SVM_IO_PORT_SHIFT | 4u << SVM_IO_BYTES_SHIFT | SVM_IO_STRING | SVM_IO_REP | SVM_IO_IN;
    block->exit_info2 = CODE + 2;
    vpc.exits_left = 100;
    assert_false(vpc.interp.cpu.has_interrupt);
    assert_int_equal(svm_move_string(&vpc, block), SVM_STIRRED);
    assert_int_equal(svm_look_closely(&vpc), SVM_DONE);
    assert_true(vpc.interp.cpu.has_interrupt);
    assert_int_equal(block->rip, CODE);
    assert_int_equal(vpc.interp.cpu.gpr[GPR_ECX], 128);
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EDI], DATA + DISK_SECTOR_BYTES);
}

/* RAM that others have, too, and the text page are not written to behind anybody's back; nobody's is nowhere. */
static void test_pages_that_are_not_to_be_had(void **state)
{
    const uint32_t pte_at = TABLE + (DATA >> PAGE_SHIFT) * 4;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        set_up(&forms[0]);
        command(PRIMARY_READ, 3, 1, 0);
        set_index(DATA, 128);
        store_word(pte_at, (i == 0 ? TEXT_PAGE_BASE : i == 1 ? data_frames[0] << PAGE_SHIFT : 0xFEE00000u) | USUAL);
        ram.frames[data_frames[0]].flags |= i == 1 ? GFRAME_SHARED : 0;
        vmcb_put(block, &vpc.interp.cpu);
        block->exit_info1 = PORT << SVM_IO_PORT_SHIFT | 4u << SVM_IO_BYTES_SHIFT | SVM_IO_STRING | SVM_IO_REP |
                            SVM_IO_IN;
        block->exit_info2 = CODE + 2;
        assert_int_equal(svm_move_string(&vpc, block), SVM_LOOK);
        assert_int_equal(vpc.interp.cpu.gpr[GPR_ECX], 128);
        assert_int_equal(vpc.ide.at, 0);
        ram.frames[data_frames[0]].flags &= (uint16_t)~GFRAME_SHARED;
    }
}

/* While a breakpoint is on, the guest is not entered at all. */
static void test_a_breakpoint_is_seen(void **state)
{
    (void)state;
    set_up(&forms[0]);
    command(PRIMARY_READ, 3, 1, 0);
    set_index(DATA, 128);
    vpc.interp.cpu.dr[0] = DATA + 0x40;
    vpc.interp.cpu.dr[7] = 0x000D0001;          /* four bytes, written */
    interp_flush(&vpc.interp);
    (void)vpc.engine(&vpc, 0);
    assert_int_equal(entries, 0);
    assert_int_equal(vpc.interp.cpu.dr[6] & 1, 1);
}

static bool one_in(uint32_t bound)
{
    return random_below(bound) == 0;
}

/* Rights of a page's entry: mostly all, now and then some. */
static uint32_t cast_rights(void)
{
    return one_in(8) ? random_u32() & USUAL : USUAL;
}

/* The first entry of the directory leads to the code, too. */
static void cast_tables(uint8_t cpl)
{
    store_word(DIRECTORY, TABLE | cast_rights() | PTE_P | PTE_A | (cpl == 3 ? PTE_U : 0));
    store_word(LARGE_PDE, LARGE_PAGE | cast_rights() | (one_in(10) ? 0x2000 : 0));
    for (uint32_t i = 0; i < PAGES; i++)
        store_word(TABLE + ((DATA >> PAGE_SHIFT) + i) * 4, data_frames[i] << PAGE_SHIFT | cast_rights());
}

static void cast_segment(struct segment *segment)
{
    switch (random_below(24)) {
    case 0: segment->attributes = DATA32 & ~ATTR_WRITABLE; break;
    case 1: segment->attributes |= ATTR_EXPAND_DOWN; segment->limit = DATA + random_below(0x2000); break;
    case 2: segment->limit = DATA + random_below(0x2000); break;
    case 3: segment->attributes = CODE32; break;
    case 4: segment->attributes = 0; break;
    case 5: segment->base = random_below(0x800); break;
    default: break;
    }
}

static void cast_processor(struct vcpu *cpu)
{
    static const uint32_t flags[] = { EFLAGS_DF, EFLAGS_AC, EFLAGS_CF };

    for (unsigned i = 0; i < 3; i++)
        cpu->eflags |= one_in(12) ? flags[i] : 0;
    cpu->cr0 |= (one_in(2) ? CR0_WP : 0) | (one_in(2) ? CR0_AM : 0);
    if (one_in(8))
        cpu->cr0 &= ~CR0_PG;
    if (one_in(8))
        cpu->cr4 = 0;
    if (one_in(3)) {
        cpu->cpl = 3;
        cpu->eflags |= EFLAGS_IOPL;
    }
    cast_segment(&cpu->segments[SEG_ES]);
    cast_segment(&cpu->segments[SEG_DS]);
}

static void cast_string(void)
{
    uint32_t at = one_in(4) ? LARGE + (data_frames[0] << PAGE_SHIFT) : DATA;
    uint32_t offset = random_below(2 * PAGE_SIZE), align = one_in(5) ? 1 : 4;

    if (!(vpc.interp.cpu.cr0 & CR0_PG))
        at = data_frames[0] << PAGE_SHIFT;
    set_index(at + offset / align * align, one_in(10) ? 0 : random_below(one_in(3) ? 2000 : 300));
}

static void cast_disk(void)
{
    bool is_multiple = one_in(2);
    uint8_t number = is_multiple ? form->is_in ? READ_MULTIPLE : WRITE_MULTIPLE
                                 : form->is_in ? PRIMARY_READ : PRIMARY_WRITE;
    bool is_other = one_in(12);                 /* data goes the other way, or there is none */

    if (is_other)
        number = one_in(2) ? 0x40 : form->is_in ? PRIMARY_WRITE : PRIMARY_READ;
    command(number, (uint8_t)random_below(SECTORS), (uint8_t)(1 + random_below(6)), one_in(3) ? random_below(700) : 0);
}

static void test_any_string(void **state)
{
    unsigned plain = 0, looked_at = 0;

    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        set_up(&forms[random_below(one_in(6) ? FORMS : PLAIN_FORMS)]);
        cast_processor(&vpc.interp.cpu);
        bool is_wide = form->element != 1 || !one_in(4);
        if (!is_wide)
            vpc.interp.cpu.segments[SEG_CS].attributes &= (uint16_t)~ATTR_DB;
        cast_tables(vpc.interp.cpu.cpl);
        cast_string();
        cast_disk();
        compare();
        plain += by_itself > 0;
        looked_at += by_itself < entries;
        assert_true((form->is_plain && is_wide) || by_itself == 0);
    }
    assert_true(plain > CASES / 6 && looked_at > CASES / 6);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, string_pc_start, string_pc_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_a_sector_is_one_exit), TEST(test_what_a_report_tells), TEST(test_pieces),
        TEST(test_an_interrupt_in_midst), TEST(test_pages_that_are_not_to_be_had), TEST(test_a_breakpoint_is_seen),
        TEST(test_any_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
