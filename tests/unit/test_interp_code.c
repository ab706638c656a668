/*
 * test_interp_code.c - instructions as bytes: too long, cut, changed after they were executed; and long strings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "flat_pc.h"
#include "random.h"

/* Fifteen bytes are an instruction, sixteen are #GP; LOCK where it may not be is #UD. */
static void test_lengths_and_prefixes(void **state)
{
    (void)state;
    char bytes[17];

    for (unsigned prefixes = 10; prefixes < 16; prefixes++) {
        set_up(0);
        memset(bytes, 0x66, sizeof(bytes));
        bytes[prefixes] = '\x90';
        assert_int_equal(run(bytes, sizeof(bytes), 1), EXIT_BUDGET);
        assert_int_equal(fake_pc_event(&pc).vector, prefixes < 15 ? -1 : EXC_GP);
    }
    set_up(0);
    assert_int_equal(RUN("\xF0\x01\xC0", 1), EXIT_BUDGET);
    expect_event(EXC_UD, CODE);
    assert_int_equal(cpu->refusals.undefined, 1);
}

/* Fewer bytes than an instruction has are too few, and none behind them is looked at. */
static void test_cut_instructions(void **state)
{
    (void)state;
    uint8_t bytes[INSTRUCTION_MAX_BYTES];
    struct instruction whole, cut;
    unsigned good = 0;

    random_state = 1;
    for (unsigned i = 0; i < 20000; i++) {
        for (unsigned j = 0; j < sizeof(bytes); j++)
            bytes[j] = (uint8_t)random_u32();
        bool is_32bit = i & 1;
        if (instruction_decode(bytes, sizeof(bytes), is_32bit, &whole) != INSTRUCTION_GOOD)
            continue;
        good++;
        for (unsigned count = 0; count <= whole.length; count++) {
            uint8_t *room = malloc(count + !count);         /* exact, so that a byte too many is caught */
            memcpy(room, bytes, count);
            enum instruction_status status = instruction_decode(room, count, is_32bit, &cut);
            free(room);
            assert_int_equal(status, count < whole.length ? INSTRUCTION_CUT : INSTRUCTION_GOOD);
        }
        assert_memory_equal(&whole, &cut, sizeof(whole));
    }
    assert_in_range(good, 15000, 20000);
}

/* An instruction writes over the one behind it, which was executed before, and over its own immediate. */
static void test_code_that_changes(void **state)
{
    (void)state;
    set_up(0);
    cpu->gpr[GPR_EBX] = CODE;
    assert_int_equal(RUN("\x40\xC6\x03\x48\xEB\xFA", 6), EXIT_BUDGET);      /* inc eax -> dec eax, by itself */
    assert_int_equal(cpu->gpr[GPR_EAX], 0);
    pc.ram[CODE] = 0x41;                            /* and by somebody else */
    cpu->eip = CODE;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_ECX], 1);
}

/*
 * Two places that share a memo: the one that gave way is found again by the same bytes, and by no others. In a segment
 * of 16 bits the same bytes at the same place are another instruction.
 */
static void test_memos_that_gave_way(void **state)
{
    (void)state;
    static const char move[] = "\xB8\x11\x11\x40\x40";        /* mov $0x40401111, %eax, or mov, inc, inc of 16 bits */

    set_up(0);
    for (unsigned i = 0; i < 6; i++) {
        memcpy(pc.ram + CODE, move, 5);
        pc.ram[CODE + 1] = (uint8_t)(i & 1);
        memcpy(pc.ram + CODE + MEMO_ENTRIES, "\x41\x41", 2);
        cpu->eip = CODE + (i % 3 == 2 ? MEMO_ENTRIES : 0);
        cpu->gpr[GPR_EAX] = 0;
        assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
        assert_int_equal(cpu->gpr[GPR_EAX], i % 3 == 2 ? 0 : 0x40401100 + (i & 1));
    }
    cpu->eip = CODE;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    pc.ram[CODE + MEMO_ENTRIES] = 0x42;
    cpu->eip = CODE + MEMO_ENTRIES;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    fake_pc_put_descriptor(&pc, FAKE_PC_GDT + FAKE_PC_GDT_FREE, 0, 0xFFFFF, 0x9B, 8);
    fake_pc_load(&pc, SEG_CS, FAKE_PC_GDT_FREE);
    interp_flush(&pc.interp);
    pc.ram[CODE + 16] = 0x90;                       /* for the page's window */
    cpu->eip = CODE + 16;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    cpu->eip = CODE;
    cpu->gpr[GPR_EAX] = 0;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    assert_int_equal(cpu->eip, CODE + 3);
    assert_int_equal(cpu->gpr[GPR_EAX], 0x1101);
}

/* Instructions of 9 to 15 bytes, whose last byte alone changes. */
static void test_long_code_that_changes(void **state)
{
    (void)state;
    uint8_t bytes[15] = { 0x66, 0x66, 0x66, 0x66, 0x66, 0xC7, 0x05, 0x00, 0x00, 0x03, 0x00, 0x11, 0x22 };

    for (unsigned prefixes = 1; prefixes <= 5; prefixes++) {
        set_up(0);
        for (unsigned i = 0; i < 8; i++) {
            bytes[12] = (uint8_t)(0x22 + (i & 1));
            cpu->eip = CODE;
            assert_int_equal(run((const char *)bytes + 5 - prefixes, 8 + prefixes, 1), EXIT_BUDGET);
            assert_int_equal(cpu->eip, CODE + 8 + prefixes);
            assert_int_equal(fake_pc_get(&pc, 0x30000, 2), 0x2211 + ((i & 1) << 8));
        }
    }
}

/* 64 KiB of STOS and MOVS in turns of 4 KiB; an interrupt comes in between, and then the rest. */
static void test_long_strings(void **state)
{
    (void)state;
    set_up(0);
    cpu->eflags |= EFLAGS_IF;
    cpu->gpr[GPR_ECX] = 0x10000;
    cpu->gpr[GPR_EDI] = 0x40000;
    cpu->gpr[GPR_EAX] = 0x5A;
    assert_int_equal(RUN("\xF3\xAA", 1), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_ECX], 0xF000);
    assert_int_equal(cpu->eip, CODE);
    assert_int_equal(cpu->retired, 0);
    raise_interrupt(0x40);
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    expect_event(0x40, CODE);
    memcpy(pc.ram + FAKE_PC_HANDLERS + 16 * 0x40, "\xCF", 1);
    assert_int_equal(interp_run(&pc.interp, 16), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_ECX], 0);
    assert_int_equal(cpu->eip, CODE + 2);
    assert_int_equal(cpu->retired, 2);
    assert_int_equal(pc.ram[0x4FFFF], 0x5A);
    assert_int_equal(pc.ram[0x50000], 0);
}

/* What goes element by element is cut much earlier: ports, devices, comparisons. */
static void test_string_rounds(void **state)
{
    (void)state;
    static const struct { const char *bytes; uint32_t done; } cases[] = {
        { "\xF3\x6C", 16 }, { "\xF3\x6E", 16 }, { "\xF3\xA6", 16 }, { "\xF3\xAC", 16 }, { "\xF2\xAF", 16 },
        { "\xF3\xA4", 0x1000 }, { "\xF3\xAA", 0x1000 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(0);
        cpu->gpr[GPR_EAX] = 1;
        cpu->gpr[GPR_ECX] = 0x10000;
        cpu->gpr[GPR_ESI] = 0x40000;
        cpu->gpr[GPR_EDI] = 0x60000;
        assert_int_equal(run(cases[i].bytes, 2, 1), EXIT_BUDGET);
        assert_int_equal(0x10000 - cpu->gpr[GPR_ECX], cases[i].done);
        assert_int_equal(cpu->eip, CODE);
    }
}

#define DIRECTORY 0x40000u
#define TABLE 0x41000u
#define MOVED 0x50000u          /* where the page at CODE + 2 pages lies; what lies at its own place is another */

static void store_word(uint32_t at, uint32_t word)
{
    memcpy(pc.ram + at, &word, sizeof(word));
}

/*
 * A jump back into a page that nobody has translated since the last flush: until its window is open, what is behind its
 * first instruction is not looked for by the window of the page that the jump came from. memtest86+ returned to nowhere
 * so, when the interpreter went on for SVM.
 */
static void test_jump_to_a_page_below_after_a_flush(void **state)
{
    const uint32_t before = CODE + 0x2000, after = CODE + 0x3010, known = CODE + 0x8000;

    (void)state;
    set_up(0);
    store_word(DIRECTORY, TABLE | PTE_P | PTE_W);
    for (uint32_t i = 0; i < 1024; i++)
        store_word(TABLE + 4 * i, i << 12 | PTE_P | PTE_W);
    store_word(TABLE + (before >> 12) * 4, MOVED | PTE_P | PTE_W);
    memcpy(pc.ram + known, "\x41\x40", 2);                      /* INC ECX; INC EAX */
    memcpy(pc.ram + before, "\x41\x40", 2);
    memcpy(pc.ram + MOVED, "\x41\x43", 2);                      /* INC ECX; INC EBX */
    memcpy(pc.ram + after, "\x41\xE9\xEA\xEF\xFF\xFF", 6);      /* INC ECX; JMP to before */
    cpu->cr0 |= CR0_PG;
    cpu->cr3 = DIRECTORY;
    cpu->gpr[GPR_EAX] = cpu->gpr[GPR_EBX] = 0;
    cpu->eip = known;
    interp_flush(&pc.interp);
    assert_int_equal(interp_run(&pc.interp, 2), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_EAX], 1);
    cpu->eip = after;
    interp_flush(&pc.interp);
    assert_int_equal(interp_run(&pc.interp, 4), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_EAX], 1);
    assert_int_equal(cpu->gpr[GPR_EBX], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths_and_prefixes),
        cmocka_unit_test(test_cut_instructions),
        cmocka_unit_test(test_code_that_changes),
        cmocka_unit_test(test_memos_that_gave_way),
        cmocka_unit_test(test_long_code_that_changes),
        cmocka_unit_test(test_long_strings),
        cmocka_unit_test(test_string_rounds),
        cmocka_unit_test(test_jump_to_a_page_below_after_a_flush),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
