/*
 * test_vpc_habits.c - what kernels that grew up in QEMU, or by old books, ask of a virtual PC's devices, and had not got.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "random.h"
#include "small_pc.h"

#define CODE_AT 0x7C00u
#define APIC_BASE 0xFEE00900u

/* Where the local APIC is: what stands there may be written back, and nothing else. */
static void test_apic_base(void **state)
{
    uint64_t value = 0;

    (void)state;
    assert_true(vpc_bus.msr_read(&vpc, 0x1B, &value));
    assert_int_equal(value, APIC_BASE);
    assert_true(vpc_bus.msr_write(&vpc, 0x1B, APIC_BASE));
    assert_false(vpc_bus.msr_write(&vpc, 0x1B, 0xFEE00100));
    assert_false(vpc_bus.msr_write(&vpc, 0x1C, APIC_BASE));
    assert_false(vpc_bus.msr_read(&vpc, 0x1A, &value));
}

/* The ROM's OUT of a call, by its number there. */
static void call_rom(unsigned number, uint32_t eax)
{
    vpc.interp.start_eip = 0xFE000 + 4 * number;
    vpc.interp.cpu.segments[SEG_CS].base = 0;
    vpc.interp.cpu.cr0 &= ~CR0_PE;
    vpc.interp.cpu.gpr[GPR_EAX] = eax;
    assert_true(bios_call(&vpc, (uint16_t)(BIOS_PORT + number)));
}

/* Windows, counts and places beyond the page, and texts longer than it: what is on it is drawn, nothing else harmed. */
static void test_bios_drawing_at_the_edges(void **state)
{
    static const uint32_t functions[] = { 0x0600, 0x0601, 0x06FF, 0x0941, 0x1300, 0x1301, 0x1302, 0x1303 };
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    assert_true(bios_put(vpc.ram));
    random_state = 1;
    for (unsigned i = 0; i < 2000; i++) {
        cpu->gpr[GPR_EBX] = 0x1E2F;
        cpu->gpr[GPR_EBP] = 0xFFFF;
        cpu->gpr[GPR_ECX] = random_below(2) ? random_u32() : 0;
        cpu->gpr[GPR_EDX] = random_below(2) ? random_u32() : 0xFFFF;
        cpu->segments[SEG_ES].base = random_below(2) ? TEXT_PAGE_BASE : 0xFFFF0000;
        call_rom(0, functions[random_below(sizeof(functions) / sizeof(functions[0]))]);
        assert_true(text_page_cursor(&vpc.text) < TEXT_PAGE_CELLS);
        for (uint32_t at = 2 * TEXT_PAGE_CELLS; at < PAGE_SIZE; at += 4)
            assert_int_equal(vpc_load(&vpc, TEXT_PAGE_BASE + at, 4), 0);
    }
    cpu->gpr[GPR_ECX] = 0;
    cpu->gpr[GPR_EDX] = 0xFFFF;
    call_rom(0, 0x0600);
    assert_int_equal(vpc_load(&vpc, TEXT_PAGE_BASE, 2), 0x1E20);
    assert_int_equal(vpc_load(&vpc, TEXT_PAGE_BASE + 2 * TEXT_PAGE_CELLS - 2, 2), 0x1E20);
}

/* Each of the timer's interrupts is counted, told by INT 1Ch, and ended, as those of other lines are. */
static void test_bios_interrupts(void **state)
{
    static const uint8_t halts[] = { 0xFB, 0xF4, 0xEB, 0xFD }, on_tick[] = { 0x43, 0xCF };  /* inc bx; iret */
    static const uint16_t tick_vector[] = { 0x7000, 0 };
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    assert_true(bios_put(vpc.ram));
    vpc.pic.first.base = BIOS_FIRST_LINES;
    vpc.pic.second.base = BIOS_SECOND_LINES;
    assert_true(ram_store(vpc.ram, GPA(CODE_AT), halts, sizeof(halts)));
    assert_true(ram_store(vpc.ram, GPA(0x7000), on_tick, sizeof(on_tick)));
    assert_true(ram_store(vpc.ram, GPA(0x1C * 4), tick_vector, sizeof(tick_vector)));
    cpu->segments[SEG_CS].selector = cpu->segments[SEG_CS].base = 0;
    cpu->eip = CODE_AT;
    interp_flush(&vpc.interp);
    for (uint32_t ticks = 0; ticks < 20;) {
        i8042_key(&vpc.keyboard, 0x1E);
        vpc.ide.has_interrupt = ticks % 2;
        vpc_settle_lines(&vpc);
        for (unsigned i = 0; i < 20 && vpc_run(&vpc, 100) != VPC_WAITS; i++)
            ;
        assert_int_equal(vpc.pic.first.isr | vpc.pic.second.isr | vpc.pic.first.irr | vpc.pic.second.irr, 0);
        assert_int_equal(vpc_load(&vpc, 0x46C, 4), ticks);
        assert_int_equal(cpu->gpr[GPR_EBX], ticks);
        ticks++;
        now_ns = vpc.due_ns;
    }
    call_rom(5, 0x0041);
    assert_int_equal(cpu->gpr[GPR_EDX], 19);
    assert_int_equal(cpu->gpr[GPR_EAX] | cpu->gpr[GPR_ECX], 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, small_pc_start, small_pc_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_apic_base), TEST(test_bios_drawing_at_the_edges), TEST(test_bios_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
