/*
 * test_interp_watch.c - breakpoints of the debug registers: every kind and length at every place against a plain
 * rule, which one is a fault and which a trap, RF, what puts a trap off, and what an event's own stores hit.
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

#define DATA 0x50000u
#define DR6_BS 0x4000u
#define ON_CODE(number) (1u << 2 * (number))
#define ON_DATA(number, kind, length) (1u << 2 * (number) | ((kind) | (length) << 2) << (16 + 4 * (number)))
enum { WRITES = 1, ACCESSES = 3 };
enum { OF_1, OF_2, OF_8, OF_4 };

static void watch(unsigned number, uint32_t address, uint32_t dr7)
{
    cpu->dr[number] = address;
    cpu->dr[7] = 0x400 | dr7;
    interp_flush(&pc.interp);
}

static unsigned hits(void)
{
    return cpu->dr[6] & 0xF;
}

/* A byte of the access is a byte of the breakpoint: asked byte by byte. */
static bool is_met(uint32_t watched, unsigned watched_bytes, uint32_t at, unsigned bytes)
{
    for (unsigned i = 0; i < watched_bytes; i++)
        for (unsigned j = 0; j < bytes; j++)
            if (watched + i == at + j)
                return true;
    return false;
}

/* Each register, kind, length and enable; reads and writes of each width at each place around. */
static void test_places(void **state)
{
    static const struct { const char *code; unsigned length, bytes; bool is_write; } accesses[] = {
        { "\x8A\x06", 2, 1, false }, { "\x66\x8B\x06", 3, 2, false }, { "\x8B\x06", 2, 4, false },
        { "\x88\x06", 2, 1, true }, { "\x66\x89\x06", 3, 2, true }, { "\x89\x06", 2, 4, true },
        { "\xFF\x06", 2, 4, true },
    };
    static const unsigned bytes_of[] = { 1, 2, 8, 4 };

    (void)state;
    for (unsigned dice = 0; dice < 4 * 4 * 4 * 4; dice++) {
        unsigned number = dice & 3, kind = dice >> 2 & 3, length = dice >> 4 & 3, enable = dice >> 6;
        for (unsigned i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
            for (uint32_t at = DATA - 5; at < DATA + 10; at++) {
                set_up(0);
                cpu->gpr[GPR_ESI] = at;
                watch(number, DATA, enable << 2 * number | (kind | length << 2) << (16 + 4 * number));
                assert_int_equal(run(accesses[i].code, accesses[i].length, 1), EXIT_BUDGET);
                bool is_hit = enable != 0 && is_met(DATA, bytes_of[length], at, accesses[i].bytes) &&
                              (kind == ACCESSES || (kind == WRITES && accesses[i].is_write));
                assert_int_equal(hits(), is_hit ? 1u << number : 0);
                assert_int_equal(fake_pc_event(&pc).vector, is_hit ? EXC_DB : -1);
                assert_true(!is_hit || fake_pc_event(&pc).eip == CODE + accesses[i].length);
            }
        }
    }
}

/* Linear addresses; over the edge of a page; through the stack; a device's page, too. */
static void test_ways(void **state)
{
    (void)state;
    set_up(0);
    watch(0, 0x2FFFC, ON_DATA(0, WRITES, OF_4));
    assert_int_equal(RUN("\x50", 1), EXIT_BUDGET);                      /* push eax */
    expect_event(EXC_DB, CODE + 1);
    set_up(0);
    cpu->gpr[GPR_ESI] = DATA + 0xFFE;
    watch(1, DATA + 0x1000, ON_DATA(1, ACCESSES, OF_1));
    assert_int_equal(RUN("\x8B\x06", 1), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 2);
    set_up(0);
    cpu->gpr[GPR_ESI] = 0xFEE00010;
    watch(1, 0xFEE00010, ON_DATA(1, ACCESSES, OF_4));
    assert_int_equal(RUN("\x8B\x06", 1), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 2);
    assert_int_equal(pc.log_count, 1);
    set_up(0);
    cpu->segments[SEG_DS].base = 0x1000;
    cpu->gpr[GPR_ESI] = DATA;
    watch(2, DATA + 0x1000, ON_DATA(2, WRITES, OF_2));
    assert_int_equal(RUN("\x89\x06", 1), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 2);
}

/* A breakpoint on code is a fault, until RF is set; the flags that are saved do not have it. */
static void test_code(void **state)
{
    (void)state;
    set_up(0);
    watch(3, CODE + 1, ON_CODE(3));
    assert_int_equal(RUN("\x90\x40\x40", 2), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 1);
    assert_int_equal(hits(), 8);
    assert_false(fake_pc_event(&pc).eflags & EFLAGS_RF);
    assert_int_equal(cpu->gpr[GPR_EAX], 0);
    memcpy(pc.ram + FAKE_PC_HANDLERS + 16 * EXC_DB, "\x80\x4C\x24\x0A\x01\xCF", 6);     /* or byte [esp+10], 1; iret */
    assert_int_equal(interp_run(&pc.interp, 3), EXIT_BUDGET);
    assert_int_equal(cpu->eip, CODE + 2);
    assert_int_equal(cpu->gpr[GPR_EAX], 1);
    assert_false(cpu->eflags & EFLAGS_RF);
    cpu->eip = CODE;                                                    /* RF held for one instruction */
    assert_int_equal(interp_run(&pc.interp, 2), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 1);
}

/* RF holds until a string instruction is through, however often its work is cut. */
static void test_repeated(void **state)
{
    (void)state;
    set_up(0);
    cpu->gpr[GPR_EDI] = DATA;
    cpu->gpr[GPR_ECX] = 100;
    cpu->eflags |= EFLAGS_RF;
    watch(0, CODE, ON_CODE(0));
    assert_int_equal(RUN("\xF3\xAA\x90", 101), EXIT_BUDGET);
    assert_int_equal(fake_pc_event(&pc).vector, -1);
    assert_int_equal(cpu->gpr[GPR_ECX], 0);
    assert_int_equal(cpu->eip, CODE + 3);
    set_up(0);                                                          /* and data is hit by the very round */
    cpu->gpr[GPR_EDI] = DATA;
    cpu->gpr[GPR_ECX] = 100;
    watch(0, DATA + 40, ON_DATA(0, WRITES, OF_1));
    assert_int_equal(RUN("\xF3\xAA\x90", 41), EXIT_BUDGET);
    expect_event(EXC_DB, CODE);
    assert_int_equal(cpu->gpr[GPR_ECX], 59);
}

/* The trap of what loads SS comes behind the next instruction; with a single step's it is one. */
static void test_put_off(void **state)
{
    (void)state;
    set_up(0);
    fake_pc_put(&pc, DATA, FLAT_DATA0, 2);
    cpu->gpr[GPR_ESI] = DATA;
    watch(0, DATA, ON_DATA(0, ACCESSES, OF_2));
    assert_int_equal(RUN("\x8E\x16\x90\x90", 1), EXIT_BUDGET);          /* mov ss, [esi] */
    assert_int_equal(fake_pc_event(&pc).vector, -1);
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 3);
    assert_int_equal(hits(), 1);
    set_up(0);
    cpu->gpr[GPR_ESI] = DATA;
    cpu->eflags |= EFLAGS_TF;
    watch(0, DATA, ON_DATA(0, WRITES, OF_1));
    assert_int_equal(RUN("\x88\x06\x90", 1), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 2);
    assert_int_equal(cpu->dr[6] & (0xF | DR6_BS), 1 | DR6_BS);
}

/* Who faults hits nothing; what an event's own stores hit traps before its handler; and again, as long as it hits. */
static void test_events(void **state)
{
    (void)state;
    set_up(0);
    watch(0, 0x2FFF4, ON_DATA(0, WRITES, OF_4));
    assert_int_equal(RUN("\x0F\x0B", 1), EXIT_BUDGET);                  /* ud2 stores its frame there */
    expect_event(EXC_UD, CODE);
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    expect_event(EXC_DB, FAKE_PC_HANDLERS + 16 * EXC_UD);
    set_up(0);
    cpu->segments[SEG_DS].limit = DATA + 1;
    cpu->gpr[GPR_ESI] = DATA;
    cpu->gpr[GPR_EDI] = 0x60000;
    watch(0, DATA, ON_DATA(0, ACCESSES, OF_4));
    interp_flush(&pc.interp);
    assert_int_equal(RUN("\x8B\x06", 1), EXIT_BUDGET);
    expect_event(EXC_GP, CODE);
    assert_int_equal(hits(), 0);
    set_up(0);                                                          /* a breakpoint on #DB's own handler */
    watch(0, FAKE_PC_HANDLERS + 16 * EXC_DB, ON_CODE(0));
    assert_int_equal(RUN("\xCD\x01", 1000), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_ESP], 0x30000 - 12 * 1000);
}

/* Off is off at once, also by the guest's own MOV, and what was pending is forgotten. */
static void test_off(void **state)
{
    (void)state;
    set_up(0);
    cpu->dr[1] = CODE + 4;
    cpu->gpr[GPR_EAX] = 0x400 | ON_CODE(1);
    cpu->gpr[GPR_EBX] = 0x400;
    assert_int_equal(RUN("\x0F\x23\xF8\x90\x90", 3), EXIT_BUDGET);      /* mov dr7, eax */
    expect_event(EXC_DB, CODE + 4);
    set_up(0);
    cpu->dr[1] = CODE + 7;
    cpu->gpr[GPR_EAX] = 0x400 | ON_CODE(1);
    cpu->gpr[GPR_EBX] = 0x400;
    assert_int_equal(RUN("\x0F\x23\xF8\x0F\x23\xFB\x90\x90", 4), EXIT_BUDGET);
    assert_int_equal(fake_pc_event(&pc).vector, -1);
    assert_false(interp_is_watched(&pc.interp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places), cmocka_unit_test(test_ways), cmocka_unit_test(test_code),
        cmocka_unit_test(test_repeated), cmocka_unit_test(test_put_off), cmocka_unit_test(test_events),
        cmocka_unit_test(test_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
