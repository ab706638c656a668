/*
 * test_interp_known.c - the short ways of segment loads, events and IRET (x86/known_segment.h, known_event.c): a
 * processor that knows what it did before against one that forgets it before each instruction, on tables, stacks and
 * privileges that change at random. Both must be the same after each, and their memory, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_pc.h"
#include "random.h"

#define ROUNDS 3000u
#define INSTRUCTIONS 100u           /* a round */
#define CODE 0x20000u
#define STACKS 0x38000u         /* and, of 16-bit stacks, 8000 */
#define STACK_TOP 0x8000u           /* of real mode */
#define GATES 0x40u                 /* the first of eight vectors that programs use */
#define OTHER_TSS 0x4000u
#define OTHER_TSS_SELECTOR FAKE_PC_GDT_FREE
#define OTHER_GDT 0x5000u
#define OTHER_IDT 0x6000u
#define TABLE_REGISTER 0x7000u      /* what LGDT and LIDT load */

static struct fake_pc knowing, forgetful;
static unsigned entries, returns, refusals, table_loads;

static uint32_t any_of(const uint32_t *values, unsigned count)
{
    return values[random_below(count)];
}

/* Selectors that mostly stand for something, of each privilege. */
static uint16_t any_selector(void)
{
    return (uint16_t)(random_below(10) << 3 | (random_below(8) == 0 ? 4 : 0) | random_below(4));
}

static uint32_t any_stack(void)
{
    static const uint32_t ends[] = { 0, 4, 8, 12, 16, 20, 24, 0x100, 0xFFE };

    return STACKS + (random_below(4) << PAGE_SHIFT) + 0x1000 - any_of(ends, sizeof(ends) / sizeof(ends[0]));
}

static void put_both(uint32_t at, uint32_t value, unsigned bytes)
{
    fake_pc_put(&knowing, at, value, bytes);
    fake_pc_put(&forgetful, at, value, bytes);
}

/* Types and rights as kernels have them, and some as no kernel should. */
static void change_descriptor(void)
{
    static const uint32_t access[] = { 0x9B, 0x9A, 0x93, 0x92, 0xFB, 0xF3, 0xF2, 0x9F, 0x97, 0x13, 0x1B, 0xF1, 0xBB,
                                       0xB3, 0x8B, 0x00 };
    static const uint32_t granularities[] = { 0xC, 0xC, 0xC, 0xC, 0xC, 0x4, 0x8, 0x8 };
    static const uint32_t limits[] = { 0xFFFFF, 0xFFFFF, 0xFFFFF, 0x30, 0 };
    uint32_t at = (random_below(8) == 0 ? FAKE_PC_LDT : FAKE_PC_GDT) + 8 * (1 + random_below(8));
    uint32_t limit = any_of(limits, 5), flags = any_of(granularities, 8);

    uint32_t kept = fake_pc_get(&forgetful, at + 5, 1), chosen = random_below(2) == 0 ? kept : any_of(access, 16);
    put_both(at, limit & 0xFFFF, 4);
    put_both(at + 4, chosen << 8 | (limit & 0xF0000) | flags << 20, 4);
}

static void change_gate(void)
{
    static const uint32_t access[] = { 0x8E, 0xEE, 0x8F, 0xEF, 0xEE, 0xEE, 0xEF, 0x86, 0x0E };
    uint32_t at = FAKE_PC_IDT + 8 * (GATES + random_below(8));
    uint16_t selector = random_below(4) == 0 ? any_selector() : FLAT_CODE0;

    put_both(at, CODE | (uint32_t)selector << 16, 2);
    put_both(at + 2, selector, 2);
    put_both(at + 4, (CODE & 0xFFFF0000u) | any_of(access, 9) << 8, 4);
}

static void change_something(void)
{
    switch (random_below(6)) {
    case 0:
        change_descriptor();
        break;
    case 1:
        change_gate();
        break;
    case 2:
        put_both(FAKE_PC_TSS + 4 + 8 * random_below(3), any_stack(), 4);
        break;
    case 3:
        put_both(FAKE_PC_TSS + 8 + 8 * random_below(3), random_below(4) == 0 ? any_selector() : FLAT_DATA0, 2);
        break;
    case 4:
        knowing.interp.cpu.tr.limit = forgetful.interp.cpu.tr.limit = random_below(3) == 0 ? 8 : 0x67;
        interp_flush(&knowing.interp);
        break;
    default:
        knowing.interp.cpu.gpr[GPR_ESP] = forgetful.interp.cpu.gpr[GPR_ESP] = any_stack();
        break;
    }
}

/* The frame that an IRET takes, or what a POP of a segment register does. */
static void put_frame(void)
{
    static const uint32_t flags[] = { 0x2, 0x202, 0x3202, 0x4002, 0x20002, 0x40202, 0x8D7 };
    const struct vcpu *cpu = &forgetful.interp.cpu;
    uint32_t at = cpu->segments[SEG_SS].base + (cpu->gpr[GPR_ESP] & forgetful.interp.stack_mask);
    bool is_user = random_below(4) > 0;

    if ((at & ~0x30000u) < 0x7000 || at > STACKS + 0x4000)
        return;
    put_both(at, CODE + random_below(2) * 0x1000, 4);
    put_both(at + 4, random_below(8) == 0 ? any_selector() : is_user ? FLAT_CODE3 : FLAT_CODE0, 4);
    put_both(at + 8, any_of(flags, 7), 4);
    put_both(at + 12, any_stack() + (random_below(8) == 0 ? 0x10000 : 0), 4);
    put_both(at + 16, random_below(8) == 0 ? any_selector() : is_user ? FLAT_DATA3 : FLAT_DATA0, 4);
}

static void put_code(uint32_t at)
{
    static const char *const codes[] = {
        "\xCF", "\xCF", "\xCF", "\x1E", "\x06", "\x1F", "\x07", "\x0F\xA1", "\x0F\xA9", "\x17", "\x8E\xD8", "\x8E\xC0",
        "\x8E\xE0", "\x8E\xE8", "\x8E\xD0", "\x60", "\x61", "\x0F\xA0", "\x16",
    };
    const char *code = codes[random_below(sizeof(codes) / sizeof(codes[0]))];
    uint32_t bytes = 0x90909090u;
    bool goes_over = random_below(3) == 0;          /* to the other privilege */

    memcpy(&bytes, goes_over ? "\xCF" : code, goes_over ? 1 : strlen(code));
    if (goes_over && forgetful.interp.cpu.cpl == 3)
        bytes = 0x90900000u | (GATES + random_below(8)) << 8 | 0xCD;
    if (random_below(3) == 0 || bytes == 0x909090CFu)
        put_frame();
    put_both(at, bytes, 4);
}

/* Other tables than those that everything else changes: a GDT and an IDT with other contents, and another TSS. */
static void make_other_tables(void)
{
    for (uint32_t at = 0; at < 8 * 16; at += 4)
        put_both(OTHER_GDT + at, fake_pc_get(&forgetful, FAKE_PC_GDT + at, 4), 4);
    put_both(OTHER_GDT + (FLAT_DATA0 & 0xF8u), 0x0000003F, 4);          /* a limit of 3F pages */
    put_both(OTHER_GDT + (FLAT_DATA0 & 0xF8u) + 4, 0x00C09300, 4);
    put_both(OTHER_GDT + (FLAT_CODE0 & 0xF8u) + 4, random_below(2) == 0 ? 0x00CF9B00 : 0x008F9B00, 4);
    for (uint32_t at = 0; at < 8 * (GATES + 8); at += 4)
        put_both(OTHER_IDT + at, fake_pc_get(&forgetful, FAKE_PC_IDT + at, 4) ^ (at % 8 == 0 ? 0x1000 : 0), 4);
    put_both(OTHER_TSS + 4, any_stack(), 4);
    put_both(OTHER_TSS + 8, FLAT_DATA0, 4);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t descriptor = (i == 0 ? FAKE_PC_GDT : OTHER_GDT) + OTHER_TSS_SELECTOR;
        put_both(descriptor, OTHER_TSS << 16 | 0x67, 4);
        put_both(descriptor + 4, 0x8900, 4);
    }
}

/* LGDT, LIDT or LTR: everything lies elsewhere afterwards. They are the kernel's; from a program they are faults. */
static void put_table_load(uint32_t at)
{
    bool is_gdt = random_below(2) == 0, is_other = random_below(2) == 0;

    make_other_tables();
    if (random_below(3) == 0) {
        knowing.interp.cpu.gpr[GPR_EAX] = forgetful.interp.cpu.gpr[GPR_EAX] = OTHER_TSS_SELECTOR;
        put_both(at, 0x90D8000F, 4);                                    /* LTR AX */
        return;
    }
    put_both(at, is_gdt ? 0x15010F36 : 0x1D010F36, 4);                  /* LGDT, LIDT SS:[TABLE_REGISTER] */
    put_both(at + 4, TABLE_REGISTER, 4);
    put_both(TABLE_REGISTER, is_gdt ? 0x7F : 8 * (GATES + 8) - 1, 2);
    put_both(TABLE_REGISTER + 2, is_gdt ? (is_other ? OTHER_GDT : FAKE_PC_GDT) : is_other ? OTHER_IDT : FAKE_PC_IDT, 4);
    table_loads += forgetful.interp.cpu.cpl == 0;
}

/* Where the next instruction is, for both: at one of two pages, whatever the last one did. */
static void go_on(void)
{
    uint32_t at = CODE + random_below(2) * 0x1000, base = forgetful.interp.cpu.segments[SEG_CS].base;
    uint16_t selector = random_below(4) == 0 ? any_selector() : random_below(2) == 0 ? FLAT_DATA3 : FLAT_DATA0;

    knowing.interp.cpu.eip = forgetful.interp.cpu.eip = at - base;
    knowing.interp.cpu.gpr[GPR_EAX] = forgetful.interp.cpu.gpr[GPR_EAX] = selector;
    if (random_below(40) == 0)
        put_table_load(at);
    else
        put_code(at);
}

static void compare(bool has_memory)
{
    assert_memory_equal(&knowing.interp.cpu, &forgetful.interp.cpu, sizeof(struct vcpu));
    assert_int_equal(knowing.interp.tlb == knowing.interp.view->tlbs,
                     forgetful.interp.tlb == forgetful.interp.view->tlbs);
    assert_int_equal(knowing.interp.stack_mask, forgetful.interp.stack_mask);
    for (unsigned i = 0; i < SEG_COUNT; i++) {
        const struct reach *a = &knowing.interp.reach[i], *b = &forgetful.interp.reach[i];
        assert_true(a->read_last == b->read_last && a->write_last == b->write_last && a->base == b->base);
    }
    if (has_memory)
        assert_memory_equal(knowing.ram, forgetful.ram, FAKE_PC_RAM_BYTES);
}

static void begin(void)
{
    uint8_t cpl = random_below(2) == 0 ? 3 : 0;

    for (struct fake_pc *pc = &knowing; pc != NULL; pc = pc == &knowing ? &forgetful : NULL) {
        fake_pc_protect(pc, cpl);
        pc->interp.cpu.cr0 |= CR0_AM;
        pc->interp.cpu.eflags = EFLAGS_FIXED;
        interp_flush(&pc->interp);
    }
    for (unsigned i = 0; i < 8; i++)
        change_gate();
    put_both(FAKE_PC_TSS + 4, any_stack(), 4);
    knowing.interp.cpu.gpr[GPR_ESP] = forgetful.interp.cpu.gpr[GPR_ESP] = any_stack();
}

/* What the test is about: ways to other privileges, and faults. */
static void count_ways(uint8_t opcode, uint8_t cpl_before)
{
    const struct vcpu *cpu = &knowing.interp.cpu;
    bool is_handler = cpu->eip == CODE;

    refusals += fake_pc_event(&knowing).vector >= 0;
    entries += opcode == 0xCD && is_handler && cpl_before == 3 && cpu->cpl == 0;
    returns += opcode == 0xCF && cpl_before == 0 && cpu->cpl == 3;
}

static void one_instruction(bool has_memory)
{
    if (random_below(30) == 0)
        change_something();
    go_on();
    const struct vcpu *cpu = &forgetful.interp.cpu;
    uint8_t opcode = forgetful.ram[cpu->eip + cpu->segments[SEG_CS].base], cpl = cpu->cpl;
    interp_flush(&forgetful.interp);
    memset(forgetful.interp.known_segments, 0, sizeof(forgetful.interp.known_segments));
    memset(forgetful.interp.known_gates, 0, sizeof(forgetful.interp.known_gates));
    enum exit_reason reason = interp_run(&forgetful.interp, 1);
    assert_int_equal(interp_run(&knowing.interp, 1), reason);
    compare(has_memory);
    count_ways(opcode, cpl);
}

static void test_what_is_known_changes_nothing(void **state)
{
    (void)state;
    random_state = 1;
    fake_pc_init(&knowing);
    fake_pc_init(&forgetful);
    for (unsigned i = 0; i < ROUNDS; i++) {
        begin();
        for (unsigned j = 0; j < INSTRUCTIONS; j++)
            one_instruction(j == INSTRUCTIONS - 1);
    }
    assert_true(entries > 1000 && returns > 1000 && refusals > 1000 && table_loads > 1000);
}

/* In real mode no gate is known, not even after the first event, whose vector may be 0: DIV by zero, three times. */
static void test_no_gate_is_known_in_real_mode(void **state)
{
    struct vcpu *cpu = &knowing.interp.cpu;

    (void)state;
    fake_pc_init(&knowing);
    cpu->segments[SEG_CS].selector = CODE >> 4;
    cpu->segments[SEG_CS].base = CODE;
    cpu->segments[SEG_SS].selector = cpu->segments[SEG_SS].base = 0;
    cpu->eip = 0;
    cpu->gpr[GPR_ECX] = 0;
    cpu->gpr[GPR_ESP] = STACK_TOP;
    fake_pc_put(&knowing, 0, CODE >> 4 << 16, 4);
    fake_pc_put(&knowing, CODE, 0xF1F7, 2);
    (void)interp_run(&knowing.interp, 3);
    assert_int_equal(cpu->gpr[GPR_ESP], STACK_TOP - 3 * 6);
    assert_int_equal(cpu->eip, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_known_changes_nothing), cmocka_unit_test(test_no_gate_is_known_in_real_mode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
