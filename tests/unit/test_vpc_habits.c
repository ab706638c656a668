/*
 * test_vpc_habits.c - what kernels that grew up in QEMU, or by old books, ask of a virtual PC's devices.
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
    assert_true(vpc_bus.msr_write(&vpc, 0x1B, 0xFEE00800));         /* which processor it is, nobody changes */
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
        assert_true(crtc_cursor(&vpc.text.crtc) < TEXT_PAGE_CELLS);
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

static void write_keyboard(uint8_t value)
{
    out(0x60, value);
    assert_int_equal(in(0x60), 0xFA);
}

static void assert_keys(const uint8_t *typed, unsigned typed_count, const uint8_t *read, unsigned read_count)
{
    for (unsigned i = 0; i < typed_count; i++)
        i8042_key(&vpc.keyboard, typed[i]);
    for (unsigned i = 0; i < read_count; i++) {
        assert_int_equal(in(0x64) & 1, 1);
        assert_int_equal(in(0x60), read[i]);
    }
    assert_int_equal(in(0x64) & 1, 0);
}

/* Without translation keys are of set 2: a, an arrow, Pause, the last key of all, and one that is not there. */
static void test_second_set(void **state)
{
    static const uint8_t typed[] = { 0x1E, 0x9E, 0xE0, 0x48, 0xE0, 0xC8, 0xE1, 0x1D, 0x45, 0x58, 0xD8, 0x7F };
    static const uint8_t second[] = { 0x1C, 0xF0, 0x1C, 0xE0, 0x75, 0xE0, 0xF0, 0x75, 0xE1, 0x14, 0x77, 0x07, 0xF0,
                                      0x07, 0x00 };
    static const uint8_t set_is[][2] = { { 0, 0x02 }, { 1, 0x01 }, { 2, 0x02 }, { 3, 0x02 } };

    (void)state;
    assert_keys(typed, sizeof(typed), typed, sizeof(typed));
    unsigned room = i8042_room(&vpc.keyboard);
    out(0x64, 0x60);
    out(0x60, 0x05);
    assert_int_equal(i8042_room(&vpc.keyboard), room / 2);
    assert_keys(typed, sizeof(typed), second, sizeof(second));
    for (unsigned i = 0; i < sizeof(set_is) / sizeof(set_is[0]); i++) {
        write_keyboard(0xF0);
        if (set_is[i][0] != 0)
            write_keyboard(set_is[i][0]);
        if (set_is[i][0] != 0)
            write_keyboard(0xF0);
        write_keyboard(0);
        assert_int_equal(in(0x60), set_is[i][1]);
        bool is_first = set_is[i][1] == 1;
        assert_keys(typed, sizeof(typed), is_first ? typed : second, is_first ? sizeof(typed) : sizeof(second));
    }
    write_keyboard(0xF0);
    write_keyboard(1);
    write_keyboard(0xFF);
    assert_int_equal(in(0x60), 0xAA);
    assert_keys(typed, sizeof(typed), second, sizeof(second));
}

/* Keys that all go up at once are not too many for the room that was told. */
static void test_room_for_two(void **state)
{
    (void)state;
    out(0x64, 0x60);
    out(0x60, 0x05);
    unsigned keys = i8042_room(&vpc.keyboard);
    for (unsigned i = 0; i < keys; i++)
        i8042_key(&vpc.keyboard, 0x9E);
    for (unsigned i = 0; i < 2 * keys; i++)
        assert_int_equal(in(0x60), i % 2 ? 0x1C : 0xF0);
}

static uint32_t count_of_2(void)
{
    out(0x43, 0x80);
    uint32_t low = in(0x42);
    return low | (uint32_t)in(0x42) << 8;
}

/* A single count goes on behind a closed gate, as in QEMU, and its output with it; a periodic one stands. */
static void test_closed_gate(void **state)
{
    (void)state;
    for (uint8_t mode = 0; mode <= 4; mode = (uint8_t)(mode + 2)) {
        out(0x61, 0);
        out(0x43, (uint8_t)(0xB0 | mode << 1));
        out(0x42, 0xE8);
        out(0x42, 0x03);
        now_ns += MS / 2;
        if (mode == 2)
            assert_int_equal(count_of_2(), 1000);
        else
            assert_in_range(count_of_2(), 400, 406);
        assert_int_equal(in(0x61) & 0x20, mode == 0 ? 0 : 0x20);
        out(0x61, 1);
        assert_in_range(count_of_2(), mode == 2 ? 1000 : 400, mode == 2 ? 1000 : 406);
        now_ns += MS / 2;
        assert_int_equal(in(0x61) & 0x20, 0x20);
    }
}

/* Where Bochs has the register that switches off. */
static void test_old_power_off(void **state)
{
    (void)state;
    ports_write(&vpc, 0xB004, 2, 0x0001);
    ports_write(&vpc, 0xB004, 1, 0x20);
    assert_int_equal(vpc.end, VPC_END_NONE);
    ports_write(&vpc, 0xB004, 2, 0x2000);
    assert_int_equal(vpc.end, VPC_END_EXIT);
    assert_int_equal(vpc.status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, small_pc_start, small_pc_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_apic_base), TEST(test_bios_drawing_at_the_edges), TEST(test_bios_interrupts),
        TEST(test_second_set), TEST(test_room_for_two), TEST(test_closed_gate), TEST(test_old_power_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
