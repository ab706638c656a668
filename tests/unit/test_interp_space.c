/*
 * test_interp_space.c - what outlives a load of CR3 (x86/space.c, known_event.c, fetch.h): translations, the places of
 * GDT, IDT and TSS, windows of code and stack. A processor that knows them against one that forgets everything before
 * each instruction, in address spaces where tables, code and stacks lie at one of two places each, with other contents.
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
#include "vpc/x86/access.h"
#include "vpc/x86/state.h"

#define ROUNDS 400u
#define INSTRUCTIONS 400u           /* a round */
#define DIRECTORIES 3u
#define DIRECTORY 0x40000u
#define TABLE 0x44000u              /* of the first directory; those of the others behind it */
#define ELSEWHERE 0x60000u          /* from a page's one place to its other one */
#define CODE 0x20000u
#define DATA 0x30000u
#define USER_STACK 0x38000u
#define CALL 0x40u
#define PAGE_OF_STACK0 (FAKE_PC_STACK0 - PAGE_SIZE)

static struct fake_pc knowing, forgetful;
static unsigned loads, kept_tables, entries, returns, faults;

/* The pages that lie at either place. */
static const uint32_t moving[] = {
    FAKE_PC_GDT, FAKE_PC_IDT, FAKE_PC_TSS, PAGE_OF_STACK0, CODE, CODE + PAGE_SIZE, DATA, USER_STACK - PAGE_SIZE,
};
#define MOVING (sizeof(moving) / sizeof(moving[0]))

static void put_both(uint32_t at, uint32_t value, unsigned bytes)
{
    fake_pc_put(&knowing, at, value, bytes);
    fake_pc_put(&forgetful, at, value, bytes);
}

/* At both places of a page. */
static void put_twice(uint32_t at, uint32_t value, uint32_t elsewhere, unsigned bytes)
{
    put_both(at, value, bytes);
    put_both(at + ELSEWHERE, elsewhere, bytes);
}

static uint32_t table_of(uint32_t directory)
{
    return TABLE + ((directory & ~PAGE_MASK) - DIRECTORY);
}

static uint32_t any_directory(void)
{
    return DIRECTORY + random_below(DIRECTORIES) * PAGE_SIZE;
}

/* A page lies elsewhere, or has other rights, in a space; that of CR3 hears of it. */
static void move_page(uint32_t directory, uint32_t page)
{
    static const uint32_t rights[] = { 7, 7, 7, 7, 0x67, 0x27, 5, 3, 0 };
    uint32_t place = random_below(3) == 0 ? ELSEWHERE : 0;

    put_both(table_of(directory) + (page >> PAGE_SHIFT) * 4, (page + place) | rights[random_below(9)], 4);
    if ((knowing.interp.cpu.cr3 & ~PAGE_MASK) == directory)
        state_forget_page(&knowing.interp, page);
}

static void make_spaces(void)
{
    for (uint32_t i = 0; i < DIRECTORIES; i++) {
        put_both(DIRECTORY + i * PAGE_SIZE, (TABLE + i * PAGE_SIZE) | 7, 4);
        for (uint32_t page = 0; page < 256; page++)
            put_both(TABLE + i * PAGE_SIZE + page * 4, page << PAGE_SHIFT | 7, 4);
    }
}

/* The other GDT has DS elsewhere, the other IDT another handler, the other TSS another stack. */
static void make_tables(void)
{
    for (uint32_t at = FAKE_PC_GDT; at < FAKE_PC_TSS + 0x68; at += 4)
        put_both(at + ELSEWHERE, fake_pc_get(&knowing, at, 4), 4);
    put_both(FAKE_PC_GDT + ELSEWHERE + (FLAT_DATA3 & 0xF8u) + 2, 0x10, 2);
    put_twice(FAKE_PC_IDT + 8 * CALL, CODE | FLAT_CODE0 << 16, (CODE + 0x800) | FLAT_CODE0 << 16, 4);
    put_twice(FAKE_PC_IDT + 8 * CALL + 4, (CODE & 0xFFFF0000u) | 0xEE00, (CODE & 0xFFFF0000u) | 0xEF00, 4);
    put_both(FAKE_PC_TSS + ELSEWHERE + 4, FAKE_PC_STACK0 - 0x100, 4);
}

static void begin(void)
{
    make_spaces();
    for (struct fake_pc *pc = &knowing; pc != NULL; pc = pc == &knowing ? &forgetful : NULL) {
        fake_pc_protect(pc, 0);
        pc->interp.cpu.cr3 = DIRECTORY;
        pc->interp.cpu.cr0 |= CR0_PG | CR0_WP;
        pc->interp.cpu.eflags = EFLAGS_FIXED;
        interp_flush(&pc->interp);
    }
    make_tables();
}

static void begin_anew(void)
{
    fake_pc_init(&knowing);
    fake_pc_init(&forgetful);
    begin();
}

/* What an IRET finds. */
static void put_frame(void)
{
    uint32_t esp = knowing.interp.cpu.gpr[GPR_ESP] & 0xFFFF, at = knowing.interp.cpu.cpl == 3 ? 0x30000 + esp : esp;
    bool is_user = random_below(4) != 0;
    uint32_t words[] = { CODE + random_below(2) * PAGE_SIZE, is_user ? FLAT_CODE3 : FLAT_CODE0, EFLAGS_FIXED,
                         USER_STACK - 4 * random_below(16), is_user ? FLAT_DATA3 : FLAT_DATA0 };

    for (unsigned i = 0; i < 5 && at >= 0x7000 && at < 0x3A000; i++)
        put_twice(at + 4 * i, words[i], words[i], 4);
}

static uint32_t any_code(bool is_kernel)
{
    static const uint32_t codes[] = {
        0x90900389, 0x9090038B, 0x909040CD, 0x909090CF, 0x909090CF, 0x9090901F, 0x9090D88E, 0x90909060, 0x90909061,
        0x909010EB, 0x90909050, 0x90D8220F, 0x90D8220F, 0x903B010F,
    };
    unsigned count = sizeof(codes) / sizeof(codes[0]);

    return codes[random_below(is_kernel ? count : count - 3)];
}

/* Both at the same instruction, which is another one where the page lies elsewhere. */
static void go_on(void)
{
    uint32_t at = CODE + random_below(2) * PAGE_SIZE + (random_below(8) == 0 ? PAGE_SIZE - 4 : 16 * random_below(4));
    bool is_kernel = knowing.interp.cpu.cpl == 0;
    uint32_t values[] = { any_directory() | random_below(2) << 3, FLAT_DATA3, random_u32() }, registers[] = {
        values[is_kernel ? 0 : 1 + random_below(2)], random_below(4) == 0 ? moving[random_below(MOVING)] : DATA + 8 };

    put_twice(at, any_code(is_kernel), any_code(is_kernel), 4);
    put_frame();
    for (struct fake_pc *pc = &knowing; pc != NULL; pc = pc == &knowing ? &forgetful : NULL) {
        pc->interp.cpu.eip = at;
        pc->interp.cpu.gpr[GPR_EAX] = registers[0];
        pc->interp.cpu.gpr[GPR_EBX] = registers[1];
    }
}

static void forget_everything(struct interp *interp)
{
    memset(interp->known_segments, 0, sizeof(interp->known_segments));
    memset(interp->known_gates, 0, sizeof(interp->known_gates));
    memset(interp->known_walks, 0, sizeof(interp->known_walks));
    interp_flush(interp);
}

/* Instructions, one by one where everything is forgotten, at once where it is known. */
static void run_both(void)
{
    struct vcpu before = knowing.interp.cpu;
    uint32_t tables = knowing.interp.table_generation;
    unsigned count = 1 + random_below(3);
    enum exit_reason reason = EXIT_BUDGET;

    for (unsigned i = 0; i < count && reason == EXIT_BUDGET; i++) {
        forget_everything(&forgetful.interp);
        reason = interp_run(&forgetful.interp, 1);
    }
    assert_int_equal(interp_run(&knowing.interp, count), reason);
    assert_memory_equal(&knowing.interp.cpu, &forgetful.interp.cpu, sizeof(struct vcpu));
    loads += knowing.interp.cpu.cr3 != before.cr3;
    kept_tables += knowing.interp.cpu.cr3 != before.cr3 && knowing.interp.table_generation == tables;
    entries += before.cpl == 3 && knowing.interp.cpu.cpl == 0;
    returns += before.cpl == 0 && knowing.interp.cpu.cpl == 3;
    faults += knowing.interp.cpu.cr2 != before.cr2;
}

static void test_what_outlives_cr3_changes_nothing(void **state)
{
    (void)state;
    random_state = 1;
    fake_pc_init(&knowing);
    fake_pc_init(&forgetful);
    for (unsigned i = 0; i < ROUNDS; i++) {
        begin();
        for (unsigned j = 0; j < INSTRUCTIONS && knowing.interp.cpu.cr2 != 1; j++) {
            if (random_below(12) == 0)
                move_page(any_directory(), moving[random_below(MOVING)]);
            go_on();
            run_both();
        }
        assert_memory_equal(knowing.ram, forgetful.ram, FAKE_PC_RAM_BYTES);
    }
    assert_true(loads > 1000 && kept_tables > 300 && entries > 1000 && returns > 1000 && faults > 300);
}

/* MOV CR3, EAX and what follows it, in privilege 0. */
static void run_code(const char *code, unsigned bytes, uint32_t eax, uint32_t ebx)
{
    struct vcpu *cpu = &knowing.interp.cpu;

    memcpy(knowing.ram + CODE, code, bytes);
    cpu->eip = CODE;
    cpu->gpr[GPR_EAX] = eax;
    cpu->gpr[GPR_EBX] = ebx;
    assert_int_equal(interp_run(&knowing.interp, 1), EXIT_BUDGET);
}

/* What INT finds and IRET takes: a program that is at CODE. */
static void put_program(void)
{
    static const uint32_t words[] = { CODE, FLAT_CODE3, EFLAGS_FIXED, USER_STACK, FLAT_DATA3 };

    for (unsigned i = 0; i < 5; i++)
        put_twice(knowing.interp.cpu.gpr[GPR_ESP] + 4 * i, words[i], words[i], 4);
}

static void call_kernel(void)
{
    run_code("\xCD\x40", 2, 0, 0);
    assert_int_equal(knowing.interp.cpu.cpl, 0);
}

static void return_to_program(void)
{
    run_code("\xCF", 1, 0, 0);
    assert_int_equal(knowing.interp.cpu.cpl, 3);
}

/* In a space: there and back, until all that is needed is known. */
static void learn_calls(uint32_t directory)
{
    run_code("\x0F\x22\xD8", 3, directory, 0);
    put_program();
    for (unsigned i = 0; i < 4; i++) {
        return_to_program();
        call_kernel();
    }
}

static const struct gate_windows *gate_windows(void)
{
    return &knowing.interp.view->gates[CALL & (KNOWN_GATES - 1)];
}

/* The gate knows its stack: not another space's, and not one that the TSS names no more. */
static void test_stack_of_a_gate(void **state)
{
    (void)state;
    uint32_t top = FAKE_PC_STACK0 - 20, other = top - PAGE_SIZE;

    begin_anew();
    put_both(TABLE + PAGE_SIZE + (PAGE_OF_STACK0 >> PAGE_SHIFT) * 4, (PAGE_OF_STACK0 + ELSEWHERE) | 0x67, 4);
    knowing.interp.cpu.gpr[GPR_ESP] = top;
    learn_calls(DIRECTORY + PAGE_SIZE);
    learn_calls(DIRECTORY);
    assert_int_equal(gate_windows()->generation, knowing.interp.generation);
    uint32_t tables = knowing.interp.table_generation;
    run_code("\x0F\x22\xD8", 3, DIRECTORY + PAGE_SIZE, 0);
    assert_int_equal(knowing.interp.table_generation, tables);
    put_program();
    return_to_program();
    put_twice(top, 0, 0, 4);
    call_kernel();
    assert_int_equal(fake_pc_get(&knowing, top, 4), 0);
    assert_int_equal(fake_pc_get(&knowing, top + ELSEWHERE, 4), CODE + 2);
    put_both(FAKE_PC_TSS + 4, FAKE_PC_STACK0 - PAGE_SIZE, 4);
    for (unsigned i = 0; i < 4; i++) {
        return_to_program();
        put_both(other, 0, 4);
        call_kernel();
        assert_int_equal(fake_pc_get(&knowing, other, 4), CODE + 2);
    }
    assert_int_equal(gate_windows()->generation, knowing.interp.generation);
}

/* In a space of which all is known, a program at CODE. */
static void begin_known_program(void)
{
    begin_anew();
    knowing.interp.cpu.gpr[GPR_ESP] = FAKE_PC_STACK0 - 20;
    learn_calls(DIRECTORY);
    put_program();
    return_to_program();
}

/* The stack's page is moved, and the processor told: the frame is where it is now. */
static void test_stack_that_moves(void **state)
{
    (void)state;
    uint32_t top = FAKE_PC_STACK0 - 20;

    begin_known_program();
    put_twice(top, 0, 0, 4);
    put_both(TABLE + (PAGE_OF_STACK0 >> PAGE_SHIFT) * 4, (PAGE_OF_STACK0 + ELSEWHERE) | 7, 4);
    state_forget_page(&knowing.interp, PAGE_OF_STACK0);
    call_kernel();
    assert_int_equal(fake_pc_get(&knowing, top, 4), 0);
    assert_int_equal(fake_pc_get(&knowing, top + ELSEWHERE, 4), CODE + 2);
}

/*
 * The gate leads to another page now, which is not where the one before would have it. There EAX is counted up
 * twice; the program's own instructions are those that are where it would be.
 */
static void test_handler_that_moves(void **state)
{
    (void)state;
    uint32_t handler = CODE - 2 * PAGE_SIZE;

    begin_known_program();
    put_twice(handler, 0x90904840, 0x90904040, 4);
    put_both(TABLE + (handler >> PAGE_SHIFT) * 4, (handler + ELSEWHERE) | 7, 4);
    put_both(FAKE_PC_IDT + 8 * CALL, (handler & 0xFFFF) | FLAT_CODE0 << 16, 4);
    put_both(FAKE_PC_IDT + 8 * CALL + 4, (handler & 0xFFFF0000u) | 0xEE00, 4);
    for (uint32_t i = 1; i <= 3; i++) {
        knowing.interp.cpu.eip = CODE;
        knowing.interp.cpu.gpr[GPR_EAX] = i;
        memcpy(knowing.ram + CODE, "\x40\x48\xCD\x40", 4);
        assert_int_equal(interp_run(&knowing.interp, 5), EXIT_BUDGET);
        assert_int_equal(knowing.interp.cpu.gpr[GPR_EAX], i + 2);
        assert_true(i == 1 || handler - gate_windows()->code.first_eip < gate_windows()->code.count);
        put_program();
        return_to_program();
    }
}

/* Another GDT, in which the program's code begins elsewhere. */
static void test_return_by_another_gdt(void **state)
{
    (void)state;
    begin_known_program();
    call_kernel();
    put_program();
    for (uint32_t at = 0; at < 0x40; at += 4)
        put_both(FAKE_PC_GDT + 0x400 + at, fake_pc_get(&knowing, FAKE_PC_GDT + at, 4), 4);
    put_both(FAKE_PC_GDT + 0x400 + (FLAT_CODE3 & 0xF8u) + 2, 0x100, 2);
    knowing.interp.cpu.gdtr.base += 0x400;
    state_forget_tables(&knowing.interp);
    return_to_program();
    assert_int_equal(knowing.interp.cpu.segments[SEG_CS].base, 0x100);
}

/* An IRET that sets TF, or lets an interrupt in: one instruction of the program, or none, and its event. */
static void test_return_that_needs_attention(void **state)
{
    (void)state;
    static const uint32_t flags[] = { EFLAGS_TF, EFLAGS_IF };

    for (unsigned i = 0; i < 2; i++) {
        begin_known_program();
        call_kernel();
        put_program();
        put_both(knowing.interp.cpu.gpr[GPR_ESP], CODE + 0x10, 4);
        put_both(knowing.interp.cpu.gpr[GPR_ESP] + 8, EFLAGS_FIXED | flags[i], 4);
        knowing.interp.cpu.has_interrupt = i == 1;
        knowing.vector = 0x50;
        put_both(CODE, 0x909090CF, 4);
        put_both(CODE + 0x10, 0x90909090, 4);
        knowing.interp.cpu.eip = CODE;
        assert_int_equal(interp_run(&knowing.interp, 2), EXIT_BUDGET);
        struct fake_event event = fake_pc_event(&knowing);
        assert_int_equal(event.vector, i == 0 ? EXC_DB : 0x50);
        assert_int_equal(event.eip, CODE + 0x10 + (i == 0));
    }
}

/* In a program: #GP, and the space is what it was. */
static void test_load_of_cr3_in_a_program(void **state)
{
    (void)state;
    begin_known_program();
    for (unsigned i = 0; i < 2; i++) {
        run_code("\x0F\x22\xD8", 3, DIRECTORY + PAGE_SIZE, 0);
        assert_int_equal(fake_pc_event(&knowing).vector, EXC_GP);
        assert_int_equal(knowing.interp.cpu.cr3, DIRECTORY);
        knowing.interp.cpu.gpr[GPR_ESP] += 4;       /* its error code */
        put_program();
        return_to_program();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_outlives_cr3_changes_nothing),
        cmocka_unit_test(test_stack_of_a_gate),
        cmocka_unit_test(test_stack_that_moves),
        cmocka_unit_test(test_handler_that_moves),
        cmocka_unit_test(test_return_by_another_gdt),
        cmocka_unit_test(test_return_that_needs_attention),
        cmocka_unit_test(test_load_of_cr3_in_a_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
