/*
 * test_interp_gates.c - events, gates, calls and returns that change segment and privilege, by the manual's tables.
 *
 * Source: SDM vol. 2 "INT n", "CALL", "JMP", "RET", "IRET"; vol. 3 "Protection", "Interrupt and Exception Handling".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_pc.h"

#define CODE 0x20000u
#define USER_STACK 0x30000u
#define TARGET 0x24000u

/* Numbers in the GDT, from FAKE_PC_GDT_FREE on. */
enum {
    SEL_CODE1 = 0x38, SEL_DATA1 = 0x40, SEL_CONFORMING0 = 0x48, SEL_ABSENT_CODE0 = 0x50, SEL_ABSENT_DATA0 = 0x58,
    SEL_READ_ONLY0 = 0x60, SEL_SMALL_STACK0 = 0x68, SEL_SHORT_CODE0 = 0x70, SEL_GATE = 0x78, SEL_TSS_FREE = 0x80,
    SEL_CODE0_16 = 0x88, SEL_ABSENT_DATA3 = 0x90,
};

static struct fake_pc pc;
static struct vcpu *const cpu = &pc.interp.cpu;

static void put_segment(uint16_t selector, uint32_t limit, uint8_t access, uint8_t flags)
{
    fake_pc_put_descriptor(&pc, FAKE_PC_GDT + selector, 0, limit, access, flags);
}

static void set_up(uint8_t cpl)
{
    fake_pc_init(&pc);
    fake_pc_protect(&pc, cpl);
    put_segment(SEL_CODE1, 0xFFFFF, 0xBB, 0xC);
    put_segment(SEL_DATA1, 0xFFFFF, 0xB3, 0xC);
    put_segment(SEL_CONFORMING0, 0xFFFFF, 0x9F, 0xC);
    put_segment(SEL_ABSENT_CODE0, 0xFFFFF, 0x1B, 0xC);
    put_segment(SEL_ABSENT_DATA0, 0xFFFFF, 0x13, 0xC);
    put_segment(SEL_READ_ONLY0, 0xFFFFF, 0x91, 0xC);
    put_segment(SEL_SMALL_STACK0, 0x10, 0x93, 0x4);
    put_segment(SEL_SHORT_CODE0, 0xFF, 0x9B, 0x4);
    put_segment(SEL_TSS_FREE, 0x67, 0x89, 0);
    put_segment(SEL_CODE0_16, 0xFFFF, 0x9B, 0);
    put_segment(SEL_ABSENT_DATA3, 0xFFFFF, 0x73, 0xC);
    fake_pc_put(&pc, FAKE_PC_TSS + 12, FAKE_PC_STACK0 - 0x1000, 4);
    fake_pc_put(&pc, FAKE_PC_TSS + 16, SEL_DATA1 | 1, 4);
    cpu->gpr[GPR_ESP] = cpl == 3 ? USER_STACK : FAKE_PC_STACK0 - 0x100;
    cpu->eip = CODE;
    cpu->eflags = EFLAGS_FIXED | EFLAGS_IF | EFLAGS_CF | EFLAGS_ZF;
}

static enum exit_reason step(const char *bytes, size_t length)
{
    memcpy(pc.ram + CODE, bytes, length);
    return interp_run(&pc.interp, 1);
}
#define STEP(bytes) step(bytes, sizeof(bytes) - 1)

static void expect_fault(int vector, uint32_t error)
{
    struct fake_event event = fake_pc_event(&pc);

    assert_int_equal(event.vector, vector);
    assert_int_equal(event.error, error);
    assert_int_equal(event.eip, CODE);
    assert_true(event.eflags & EFLAGS_RF);
}

static uint32_t stack_word(unsigned number)
{
    return fake_pc_get(&pc, cpu->segments[SEG_SS].base + cpu->gpr[GPR_ESP] + 4 * number, 4);
}

static void put_idt(unsigned vector, uint16_t selector, uint32_t offset, uint8_t access)
{
    fake_pc_put_gate(&pc, FAKE_PC_IDT + 8 * vector, selector, offset, access, 0);
}

/* Every kind of gate, from privilege 3 and 0: the frame, and which flags the handler begins with. */
static void test_frames(void **state)
{
    (void)state;
    static const struct { uint8_t type; bool is_32bit, masks; } gates[] = {
        { 0xEE, true, true }, { 0xEF, true, false }, { 0xE6, false, true }, { 0xE7, false, false },
    };

    for (unsigned i = 0; i < 8; i++) {
        bool is_user = i & 4, is_32bit = gates[i & 3].is_32bit;
        set_up(is_user ? 3 : 0);
        cpu->eflags |= EFLAGS_NT;
        uint32_t eflags = cpu->eflags, esp = cpu->gpr[GPR_ESP];
        put_idt(0x40, FLAT_CODE0, is_32bit ? TARGET : 0x4321, gates[i & 3].type);
        assert_int_equal(STEP("\xCD\x40"), EXIT_BUDGET);
        assert_int_equal(cpu->eip, is_32bit ? TARGET : 0x4321);
        assert_int_equal(cpu->cpl, 0);
        assert_int_equal(cpu->segments[SEG_CS].selector, FLAT_CODE0);
        assert_int_equal(cpu->eflags, (eflags & ~EFLAGS_NT) & ~(gates[i & 3].masks ? EFLAGS_IF : 0));
        unsigned words = is_user ? 5 : 3, bytes = is_32bit ? 4 : 2;
        assert_int_equal(cpu->gpr[GPR_ESP], (is_user ? FAKE_PC_STACK0 : esp) - words * bytes);
        uint32_t want[] = { CODE + 2, is_user ? FLAT_CODE3 : FLAT_CODE0, eflags, esp, FLAT_DATA3 };
        for (unsigned word = 0; word < words; word++)
            assert_int_equal(fake_pc_get(&pc, cpu->gpr[GPR_ESP] + word * bytes, bytes),
                             is_32bit ? want[word] : want[word] & 0xFFFF);
    }
}

/* What can be wrong with a gate: INT n (which says "not external"), and the same gate for an exception. */
static void test_bad_gates(void **state)
{
    (void)state;
    static const struct { uint16_t selector; uint8_t access; uint8_t vector; uint32_t error; } cases[] = {
        { FLAT_CODE0, 0x8E, EXC_GP, 0x40 * 8 + 2 },                 /* INT n through a gate of privilege 0 */
        { FLAT_CODE0, 0xE0, EXC_GP, 0x40 * 8 + 2 },                 /* no gate at all */
        { FLAT_CODE0, 0xEC, EXC_GP, 0x40 * 8 + 2 },                 /* a call gate */
        { FLAT_CODE0, 0xFE, EXC_GP, 0x40 * 8 + 2 },                 /* a code segment */
        { FLAT_CODE0, 0x6E, EXC_NP, 0x40 * 8 + 2 },
        { 0, 0xEE, EXC_GP, 0 },
        { 3, 0xEE, EXC_GP, 0 },
        { 0x400, 0xEE, EXC_GP, 0x400 },                             /* beyond the table */
        { FLAT_DATA0, 0xEE, EXC_GP, FLAT_DATA0 },
        { FAKE_PC_TSS_SELECTOR, 0xEE, EXC_GP, FAKE_PC_TSS_SELECTOR },
        { SEL_ABSENT_CODE0, 0xEE, EXC_NP, SEL_ABSENT_CODE0 },
        { SEL_SHORT_CODE0, 0xEE, EXC_GP, 0 },                       /* the handler lies beyond its segment */
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(3);
        put_idt(0x40, cases[i].selector, TARGET, cases[i].access);
        assert_int_equal(STEP("\xCD\x40"), EXIT_BUDGET);
        expect_fault(cases[i].vector, cases[i].error);

        if (i == 0)
            continue;       /* only software asks for the gate's privilege */
        set_up(3);
        put_idt(EXC_UD, cases[i].selector, TARGET, cases[i].access);
        assert_int_equal(STEP("\x0F\x0B"), EXIT_BUDGET);
        bool names_gate = cases[i].error == 0x40 * 8 + 2;
        expect_fault(cases[i].vector, (names_gate ? EXC_UD * 8u + 2 : cases[i].error) | 1);
    }
    set_up(3);
    cpu->idtr.limit = 0x40 * 8 + 6;
    assert_int_equal(STEP("\xCD\x40"), EXIT_BUDGET);
    expect_fault(EXC_GP, 0x40 * 8 + 2);
}

/* What can be wrong with the inner stack: SDM vol. 2 "INT n", INTRA- and INTER-PRIVILEGE-LEVEL-INTERRUPT. */
static void test_bad_stacks(void **state)
{
    (void)state;
    static const struct { uint16_t ss; uint8_t vector; uint32_t error; } cases[] = {
        { 0, EXC_TS, 0 },
        { 0x400, EXC_TS, 0x400 },
        { FLAT_DATA0 | 1, EXC_TS, FLAT_DATA0 },                     /* RPL */
        { SEL_DATA1, EXC_TS, SEL_DATA1 },                           /* DPL */
        { SEL_READ_ONLY0, EXC_TS, SEL_READ_ONLY0 },
        { FLAT_CODE0, EXC_TS, FLAT_CODE0 },
        { SEL_ABSENT_DATA0, EXC_SS, SEL_ABSENT_DATA0 },
        { SEL_SMALL_STACK0, EXC_SS, SEL_SMALL_STACK0 },             /* no room */
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(3);
        put_idt(0x40, FLAT_CODE0, TARGET, 0xEE);
        for (unsigned vector = EXC_TS; vector <= EXC_SS; vector++)      /* told in privilege 1, whose stack is good */
            put_idt(vector, SEL_CODE1, FAKE_PC_HANDLERS + 16 * vector, 0x8E);
        fake_pc_put(&pc, FAKE_PC_TSS + 8, cases[i].ss, 4);
        assert_int_equal(STEP("\xCD\x40"), EXIT_BUDGET);
        assert_int_equal(cpu->cpl, 1);
        assert_int_equal(cpu->eip, FAKE_PC_HANDLERS + 16 * cases[i].vector);
        assert_int_equal(stack_word(0), cases[i].error);
        assert_int_equal(stack_word(1), CODE);
        assert_int_equal(stack_word(4), USER_STACK);
        assert_int_equal(stack_word(5), FLAT_DATA3);
    }
    set_up(3);
    cpu->tr.limit = 8;                          /* #TS of the TSS itself, told where no other stack is needed */
    put_idt(0x40, FLAT_CODE0, TARGET, 0xEE);
    put_idt(EXC_TS, SEL_CONFORMING0, TARGET, 0x8E);
    assert_int_equal(STEP("\xCD\x40"), EXIT_BUDGET);
    assert_int_equal(cpu->cpl, 3);
    assert_int_equal(cpu->eip, TARGET);
    assert_int_equal(stack_word(0), FAKE_PC_TSS_SELECTOR);
    assert_int_equal(stack_word(1), CODE);
    set_up(3);
    cpu->tr.limit = 8;                          /* and with no such handler there is a shutdown at last */
    assert_int_equal(STEP("\xCD\x40"), EXIT_SHUTDOWN);
}

/* SDM vol. 3, table "Conditions for Generating a Double Fault". */
static void test_double_faults(void **state)
{
    (void)state;
    set_up(3);
    put_idt(EXC_GP, SEL_ABSENT_CODE0, TARGET, 0x8E);        /* contributory, and #NP on the way: contributory */
    assert_int_equal(STEP("\xF4"), EXIT_BUDGET);
    expect_fault(EXC_DF, 0);

    set_up(3);
    put_idt(EXC_UD, SEL_ABSENT_CODE0, TARGET, 0x8E);        /* #UD is benign: the #NP is delivered */
    assert_int_equal(STEP("\x0F\x0B"), EXIT_BUDGET);
    expect_fault(EXC_NP, SEL_ABSENT_CODE0 | 1);

    set_up(3);
    put_idt(EXC_GP, SEL_ABSENT_CODE0, TARGET, 0x8E);
    put_idt(EXC_DF, SEL_ABSENT_CODE0, TARGET, 0x8E);
    assert_int_equal(STEP("\xF4"), EXIT_SHUTDOWN);

    set_up(0);
    cpu->idtr.limit = 0;
    assert_int_equal(STEP("\xCC"), EXIT_SHUTDOWN);

    set_up(0);
    put_idt(EXC_DF, SEL_ABSENT_CODE0, TARGET, 0x8E);        /* an interrupt with an exception's number is none */
    cpu->has_interrupt = true;
    pc.vector = EXC_DF;
    assert_int_equal(STEP("\x90"), EXIT_BUDGET);
    expect_fault(EXC_NP, SEL_ABSENT_CODE0 | 1);
}

static void put_call_gate(uint16_t selector, uint32_t offset, uint8_t access, uint8_t parameters)
{
    fake_pc_put_gate(&pc, FAKE_PC_GDT + SEL_GATE, selector, offset, access, parameters);
}

/* CALL far through a gate to an inner privilege, with parameters, and RETF back. */
static void test_call_gate(void **state)
{
    (void)state;
    set_up(3);
    put_call_gate(FLAT_CODE0, TARGET, 0xEC, 3);
    for (uint32_t i = 0; i < 3; i++)
        fake_pc_put(&pc, USER_STACK + 4 * i, 0x100 + i, 4);
    fake_pc_load(&pc, SEG_GS, FLAT_DATA0);                  /* what privilege 3 may not keep */
    cpu->gpr[GPR_EAX] = 7;
    assert_int_equal(STEP("\x9A\0\0\0\0\x7B\0"), EXIT_BUDGET);
    assert_int_equal(cpu->eip, TARGET);
    assert_int_equal(cpu->cpl, 0);
    assert_int_equal(cpu->gpr[GPR_ESP], FAKE_PC_STACK0 - 7 * 4);
    uint32_t want[] = { CODE + 7, FLAT_CODE3, 0x100, 0x101, 0x102, USER_STACK, FLAT_DATA3 };
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(stack_word(i), want[i]);

    memcpy(pc.ram + TARGET, "\xCA\x0C\x00", 3);             /* RETF 12 */
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    assert_int_equal(cpu->eip, CODE + 7);
    assert_int_equal(cpu->cpl, 3);
    assert_int_equal(cpu->gpr[GPR_ESP], USER_STACK + 12);
    assert_int_equal(cpu->segments[SEG_SS].selector, FLAT_DATA3);
    assert_int_equal(cpu->segments[SEG_GS].selector, 0);
    assert_int_equal(cpu->segments[SEG_DS].selector, FLAT_DATA3);
}

enum { CALL = 1, JUMP = 2, BOTH = 3 };

/* Gates and direct transfers that are refused. The selector is what CALL and JMP name. */
static void test_bad_transfers(void **state)
{
    (void)state;
    static const struct { uint16_t selector, target; uint8_t access, cpl, way, vector; uint16_t error; }
    cases[] = {
        { 0, 0, 0, 3, BOTH, EXC_GP, 0 },
        { 0x400, 0, 0, 3, BOTH, EXC_GP, 0x400 },
        { FLAT_CODE0, 0, 0, 3, BOTH, EXC_GP, FLAT_CODE0 },                 /* inner without a gate */
        { FLAT_CODE3, 0, 0, 0, BOTH, EXC_GP, FLAT_CODE3 & ~3 },            /* outer */
        { FLAT_DATA3, 0, 0, 3, BOTH, EXC_GP, FLAT_DATA3 & ~3 },
        { FAKE_PC_LDT_SELECTOR, 0, 0, 0, BOTH, EXC_GP, FAKE_PC_LDT_SELECTOR },
        { SEL_ABSENT_CODE0, 0, 0, 0, BOTH, EXC_NP, SEL_ABSENT_CODE0 },
        { SEL_GATE, FLAT_CODE0, 0x8C, 3, BOTH, EXC_GP, SEL_GATE },         /* the gate's own privilege */
        { SEL_GATE, FLAT_CODE0, 0x6C, 3, BOTH, EXC_NP, SEL_GATE },
        { SEL_GATE, 0, 0xEC, 3, BOTH, EXC_GP, 0 },
        { SEL_GATE, 0x400, 0xEC, 3, BOTH, EXC_GP, 0x400 },
        { SEL_GATE, FLAT_DATA0, 0xEC, 3, BOTH, EXC_GP, FLAT_DATA0 },
        { SEL_GATE, SEL_ABSENT_CODE0, 0xEC, 3, CALL, EXC_NP, SEL_ABSENT_CODE0 },
        { SEL_GATE, FLAT_CODE0, 0xEC, 3, JUMP, EXC_GP, FLAT_CODE0 },        /* JMP goes to no inner privilege */
        { SEL_GATE, FLAT_CODE3, 0xEC, 0, BOTH, EXC_GP, FLAT_CODE3 & ~3 },
        { SEL_SHORT_CODE0, 0, 0, 0, BOTH, EXC_GP, 0 },                     /* beyond the limit */
    };

    for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_jump = i & 1;
        if (!(cases[i / 2].way & (is_jump ? JUMP : CALL)))
            continue;
        set_up(cases[i / 2].cpl);
        put_call_gate(cases[i / 2].target, TARGET, cases[i / 2].access, 0);
        uint8_t bytes[7] = { is_jump ? 0xEA : 0x9A, 0, 0x40, 0x02, 0 };
        memcpy(bytes + 5, &cases[i / 2].selector, 2);
        uint32_t esp = cpu->gpr[GPR_ESP];
        assert_int_equal(step((const char *)bytes, 7), EXIT_BUDGET);
        expect_fault(cases[i / 2].vector, cases[i / 2].error);
        if (cases[i / 2].cpl == 3)
            assert_int_equal(fake_pc_event(&pc).esp, esp);
    }
}

static void test_conforming_code(void **state)
{
    (void)state;
    set_up(3);
    assert_int_equal(STEP("\xEA\x00\x40\x02\x00\x48\x00"), EXIT_BUDGET);
    assert_int_equal(cpu->eip, TARGET);
    assert_int_equal(cpu->cpl, 3);
    assert_int_equal(cpu->segments[SEG_CS].selector, SEL_CONFORMING0 | 3);
}

static void put_frame(uint32_t at, uint32_t eip, uint32_t cs, uint32_t eflags, uint32_t esp, uint32_t ss)
{
    uint32_t words[] = { eip, cs, eflags, esp, ss };

    memcpy(pc.ram + at, words, sizeof(words));
    cpu->gpr[GPR_ESP] = at;
}

/* IRET to privilege 3: flags that only privilege 0 may set are set, and the segments it must not keep are taken. */
static void test_iret_outwards(void **state)
{
    (void)state;
    set_up(0);
    put_frame(0x6000, TARGET, FLAT_CODE3, EFLAGS_FIXED | EFLAGS_IOPL | EFLAGS_DF, USER_STACK, FLAT_DATA3);
    fake_pc_load(&pc, SEG_FS, FLAT_DATA3);
    fake_pc_load(&pc, SEG_GS, SEL_CONFORMING0);
    assert_int_equal(STEP("\xCF"), EXIT_BUDGET);
    assert_int_equal(cpu->eip, TARGET);
    assert_int_equal(cpu->cpl, 3);
    assert_int_equal(cpu->eflags, EFLAGS_FIXED | EFLAGS_IOPL | EFLAGS_DF);
    assert_int_equal(cpu->gpr[GPR_ESP], USER_STACK);
    assert_int_equal(cpu->segments[SEG_DS].attributes, 0);
    assert_int_equal(cpu->segments[SEG_FS].selector, FLAT_DATA3);
    assert_int_equal(cpu->segments[SEG_GS].selector, SEL_CONFORMING0);

    memcpy(pc.ram + TARGET, "\xCF", 1);                     /* again, from privilege 3 with IOPL 0: nothing of that */
    cpu->eflags = EFLAGS_FIXED | EFLAGS_IF;
    put_frame(USER_STACK, TARGET, FLAT_CODE3, EFLAGS_FIXED | EFLAGS_IOPL | EFLAGS_CF, 0, 0);
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    assert_int_equal(cpu->eflags, EFLAGS_FIXED | EFLAGS_IF | EFLAGS_CF);
}

static void test_bad_returns(void **state)
{
    (void)state;
    static const struct { uint8_t cpl; uint16_t cs, ss; uint8_t vector; uint16_t error; } cases[] = {
        { 0, 0, FLAT_DATA3, EXC_GP, 0 },
        { 0, 0x400, FLAT_DATA3, EXC_GP, 0x400 },
        { 0, FLAT_DATA3, FLAT_DATA3, EXC_GP, FLAT_DATA3 & ~3 },
        { 3, FLAT_CODE0, FLAT_DATA0, EXC_GP, FLAT_CODE0 },                  /* inwards */
        { 0, FLAT_CODE0 | 3, FLAT_DATA3, EXC_GP, FLAT_CODE0 },              /* RPL and DPL differ */
        { 0, SEL_ABSENT_CODE0, FLAT_DATA0, EXC_NP, SEL_ABSENT_CODE0 },
        { 0, FLAT_CODE3, 0, EXC_GP, 0 },
        { 0, FLAT_CODE3, FLAT_DATA0, EXC_GP, FLAT_DATA0 },
        { 0, FLAT_CODE3, FLAT_CODE3, EXC_GP, FLAT_CODE3 & ~3 },
        { 0, FLAT_CODE3, SEL_ABSENT_DATA3 | 3, EXC_SS, SEL_ABSENT_DATA3 },
        { 0, SEL_SHORT_CODE0, FLAT_DATA0, EXC_GP, 0 },
    };

    for (unsigned i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_iret = i & 1;
        uint32_t at = 0x7000;
        set_up(cases[i / 2].cpl);
        if (is_iret)
            put_frame(at, TARGET, cases[i / 2].cs, EFLAGS_FIXED, USER_STACK, cases[i / 2].ss);
        else
            put_frame(at, TARGET, cases[i / 2].cs, USER_STACK, cases[i / 2].ss, 0);
        assert_int_equal(is_iret ? STEP("\xCF") : STEP("\xCB"), EXIT_BUDGET);
        expect_fault(cases[i / 2].vector, cases[i / 2].error);
    }
}

/* What there is not: told, counted, and nothing has happened. */
static void test_refusals(void **state)
{
    (void)state;
    set_up(0);
    put_frame(0x6000, 0, 0, EFLAGS_FIXED | EFLAGS_VM, 0, 0);
    assert_int_equal(STEP("\xCF"), EXIT_BUDGET);
    expect_fault(EXC_GP, 0);
    assert_int_equal(cpu->refusals.virtual_8086, 1);

    set_up(0);
    cpu->eflags |= EFLAGS_NT;
    assert_int_equal(STEP("\xCF"), EXIT_UNSUPPORTED);
    assert_int_equal(cpu->eip, CODE);
    set_up(0);
    assert_int_equal(STEP("\xEA\0\0\0\0\x80\0"), EXIT_UNSUPPORTED);     /* JMP to a TSS */
    assert_int_equal(cpu->refusals.task_switches, 1);
    set_up(0);
    put_idt(0x40, SEL_TSS_FREE, 0, 0xE5);
    assert_int_equal(STEP("\xCD\x40"), EXIT_UNSUPPORTED);               /* a task gate */
    set_up(0);
    assert_int_equal(STEP("\xEA\0\0\0\0\x28\0"), EXIT_BUDGET);          /* a busy TSS is a fault, not a task */
    expect_fault(EXC_GP, FAKE_PC_TSS_SELECTOR);
}

/* LDT and task register. */
static void test_system_segments(void **state)
{
    (void)state;
    static const struct { uint8_t modrm; uint16_t selector; uint8_t vector; uint16_t error; } cases[] = {
        { 0xD0, FLAT_DATA0, EXC_GP, FLAT_DATA0 }, { 0xD0, 0x400, EXC_GP, 0x400 }, { 0xD0, 4, EXC_GP, 4 },
        { 0xD8, 0, EXC_GP, 0 }, { 0xD8, FAKE_PC_TSS_SELECTOR, EXC_GP, FAKE_PC_TSS_SELECTOR },
        { 0xD8, FAKE_PC_LDT_SELECTOR, EXC_GP, FAKE_PC_LDT_SELECTOR },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(0);
        cpu->gpr[GPR_EAX] = cases[i].selector;
        uint8_t bytes[3] = { 0x0F, 0x00, cases[i].modrm };
        if (cases[i].selector == 4) {
            cpu->gpr[GPR_EAX] = 0xC;        /* in the LDT itself */
            assert_int_equal(step((const char *)bytes, 3), EXIT_BUDGET);
            expect_fault(EXC_GP, 0xC);
            continue;
        }
        assert_int_equal(step((const char *)bytes, 3), EXIT_BUDGET);
        expect_fault(cases[i].vector, cases[i].error);
    }
    set_up(0);
    cpu->gpr[GPR_EAX] = SEL_TSS_FREE;
    assert_int_equal(STEP("\x0F\x00\xD8"), EXIT_BUDGET);
    assert_int_equal(cpu->tr.selector, SEL_TSS_FREE);
    assert_int_equal(fake_pc_get(&pc, FAKE_PC_GDT + SEL_TSS_FREE + 5, 1), 0x8B);       /* busy now */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames), cmocka_unit_test(test_bad_gates), cmocka_unit_test(test_bad_stacks),
        cmocka_unit_test(test_double_faults), cmocka_unit_test(test_call_gate), cmocka_unit_test(test_bad_transfers),
        cmocka_unit_test(test_conforming_code), cmocka_unit_test(test_iret_outwards),
        cmocka_unit_test(test_bad_returns), cmocka_unit_test(test_refusals), cmocka_unit_test(test_system_segments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
