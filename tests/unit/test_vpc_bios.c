/*
 * test_vpc_bios.c - the BIOS of a virtual PC where tests/vpc/calls.S does not reach: keys that come late, rows that
 * scroll, sectors that are not there, and who may not call it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_mmu.h"
#include "vpc/bios.h"
#include "vpc/vpc.h"

#define RAM_FRAMES 512u
#define CODE_AT 0x7C00u
#define DISK_BYTES 40000u

static struct vpc vpc;
static struct ram ram;
static uint8_t file[DISK_BYTES];

static int start(void **state)
{
    const struct vpc_clock clock = { .is_counted = true };
    struct vcpu *cpu = &vpc.interp.cpu;

    machine_start(state);
    assert_int_equal(ram_create(&ram, RAM_FRAMES << PAGE_SHIFT), STATUS_OK);
    memset(&vpc, 0, sizeof(vpc));
    vpc_init(&vpc, &ram, &clock, &vpc_bus, NULL);
    assert_true(disk_open(&vpc.ide.disks[0], file, DISK_BYTES));
    assert_true(bios_put(&ram));
    for (unsigned i = 0; i < SEG_COUNT; i++)
        cpu->segments[i].selector = cpu->segments[i].base = 0;
    cpu->gpr[GPR_ESP] = CODE_AT;
    return 0;
}

static int stop(void **state)
{
    uint32_t steps = UINT32_MAX;

    assert_true(disk_close(&vpc.ide.disks[0], &steps));
    machine_unmake_ram(&ram);
    return machine_stop(state);
}

/* The registers, and the instruction INT number, executed from CODE_AT on; at most so many instructions. */
static bool call(uint8_t number, uint32_t eax, unsigned instructions)
{
    const uint8_t code[] = { 0xCD, number, 0xEB, 0xFE };
    struct vcpu *cpu = &vpc.interp.cpu;

    assert_true(ram_store(&ram, GPA(CODE_AT), code, sizeof(code)));
    cpu->segments[SEG_CS].selector = cpu->segments[SEG_CS].base = 0;
    cpu->gpr[GPR_EAX] = eax;
    cpu->eip = CODE_AT;
    interp_flush(&vpc.interp);
    for (unsigned i = 0; i < instructions && cpu->eip != CODE_AT + 2; i++)
        assert_int_equal(vpc_run(&vpc, 1), VPC_RUNS);
    return cpu->eip == CODE_AT + 2;
}

static bool carry(void)
{
    return vpc.interp.cpu.eflags & EFLAGS_CF;
}

/* INT 16h waits for a key that goes down; one that is looked at stays. */
static void test_keys(void **state)
{
    const struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    assert_true(call(0x16, 0x0100, 10));
    assert_true(cpu->eflags & EFLAGS_ZF);
    assert_false(call(0x16, 0x0000, 100));
    i8042_key(&vpc.keyboard, 0x2A);                 /* Shift, a, and both up again */
    i8042_key(&vpc.keyboard, 0x1E);
    i8042_key(&vpc.keyboard, 0x9E);
    i8042_key(&vpc.keyboard, 0xAA);
    i8042_key(&vpc.keyboard, 0x1C);
    assert_true(call(0x16, 0x0100, 10));
    assert_false(cpu->eflags & EFLAGS_ZF);
    assert_int_equal(cpu->gpr[GPR_EAX], 0x1E41);
    assert_true(call(0x16, 0x0000, 10));
    assert_int_equal(cpu->gpr[GPR_EAX], 0x1E41);
    assert_true(call(0x16, 0x1000, 10));
    assert_int_equal(cpu->gpr[GPR_EAX], 0x1C0D);
    assert_false(call(0x16, 0x0000, 100));
}

static uint16_t cell(unsigned row, unsigned column)
{
    const uint8_t *page = ram_peek(&ram, TEXT_PAGE_BASE >> PAGE_SHIFT);
    uint16_t value;

    memcpy(&value, page + 2 * (row * VCON_COLS + column), sizeof(value));
    return value;
}

static void test_teletype(void **state)
{
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    assert_true(call(0x10, 0x0003, 10));
    assert_int_equal(cell(24, 79), TEXT_PAGE_BLANK);
    for (unsigned i = 0; i < 81; i++)
        assert_true(call(0x10, 0x0E00 | ('0' + i / 80), 10));
    assert_int_equal(cell(0, 79), 0x0730);
    assert_int_equal(cell(1, 0), 0x0731);
    assert_true(call(0x10, 0x0E08, 10));
    assert_true(call(0x10, 0x0300, 10));
    assert_int_equal(cpu->gpr[GPR_EDX] & 0xFFFF, 0x0100);
    cpu->gpr[GPR_EDX] = 24 << 8 | 5;
    assert_true(call(0x10, 0x0200, 10));
    assert_true(call(0x10, 0x0E58, 10));
    assert_true(call(0x10, 0x0E0A, 10));            /* scrolls; the column stays */
    assert_int_equal(cell(23, 5) & 0xFF, 0x58);
    assert_int_equal(cell(0, 0), 0x0731);
    assert_int_equal(cell(24, 5), TEXT_PAGE_BLANK);
    assert_true(call(0x10, 0x0300, 10));
    assert_int_equal(cpu->gpr[GPR_EDX] & 0xFFFF, 24 << 8 | 6);
    cpu->gpr[GPR_EDX] = 0xFFFF;                     /* a cursor that is nowhere harms nobody */
    assert_true(call(0x10, 0x0200, 10));
    assert_true(call(0x10, 0x0E58, 10));
}

static void test_bad_sectors(void **state)
{
    static const struct { uint32_t eax, ecx, edx; uint8_t status; } calls[] = {
        { 0x0201, 0x0001, 0x0080, 0 }, { 0x0201, 0x0000, 0x0080, 1 }, { 0x0200, 0x0001, 0x0080, 1 },
        { 0x0241, 0x0001, 0x0080, 1 }, { 0x0201, 0x0001, 0x1080, 1 }, { 0x0201, 0x0001, 0x0081, 1 },
        { 0x0201, 0x0001, 0x0000, 1 }, { 0x0201, 0xFFFF, 0x0F80, 4 }, { 0x0240, 0x0011, 0x0080, 4 },
        { 0x0301, 0x0001, 0x0080, 1 }, { 0x0800, 0x0000, 0x0080, 0 },
    };
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        cpu->gpr[GPR_EBX] = 0x8000;
        cpu->gpr[GPR_ECX] = calls[i].ecx;
        cpu->gpr[GPR_EDX] = calls[i].edx;
        assert_true(call(0x13, calls[i].eax, 10));
        assert_int_equal(cpu->gpr[GPR_EAX] >> 8, calls[i].status);
        assert_int_equal(carry(), calls[i].status != 0);
    }
    assert_int_equal(cpu->gpr[GPR_ECX] & 0xFFFF, 63);
    assert_int_equal(cpu->gpr[GPR_EDX] & 0xFFFF, 0x0F01);
}

static void test_memory_map(void **state)
{
    struct vcpu *cpu = &vpc.interp.cpu;
    unsigned ranges = 0;

    (void)state;
    cpu->gpr[GPR_EBX] = 0;
    do {
        cpu->gpr[GPR_EDX] = 0x534D4150;
        cpu->gpr[GPR_ECX] = 24;
        cpu->gpr[GPR_EDI] = 0x9000;
        assert_true(call(0x15, 0xE820, 10));
        assert_false(carry());
        ranges++;
    } while (cpu->gpr[GPR_EBX] != 0 && ranges < 10);
    assert_int_equal(ranges, 4);
    cpu->gpr[GPR_EBX] = 4;
    assert_true(call(0x15, 0xE820, 10));
    assert_true(carry());
    assert_true(call(0x15, 0x8800, 10));
    assert_int_equal(cpu->gpr[GPR_EAX], 1024);
    assert_true(call(0x15, 0xE801, 10));
    assert_int_equal(cpu->gpr[GPR_EAX], 1024);
    assert_int_equal(cpu->gpr[GPR_EBX] & 0xFFFF, 0);
    assert_true(call(0x15, 0x5300, 10));            /* no power management of old */
    assert_true(carry());
}

/* The port is nobody's from elsewhere. */
static void test_others_may_not_call(void **state)
{
    (void)state;
    vpc.interp.cpu.gpr[GPR_EAX] = 0x0E41;
    vpc.interp.start_eip = CODE_AT;
    assert_false(bios_call(&vpc, BIOS_PORT));
    vpc.interp.start_eip = 0xFE000;
    assert_true(bios_call(&vpc, BIOS_PORT));
    vpc.interp.cpu.cr0 |= CR0_PE;
    assert_false(bios_call(&vpc, BIOS_PORT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys, start, stop),
        cmocka_unit_test_setup_teardown(test_teletype, start, stop),
        cmocka_unit_test_setup_teardown(test_bad_sectors, start, stop),
        cmocka_unit_test_setup_teardown(test_memory_map, start, stop),
        cmocka_unit_test_setup_teardown(test_others_may_not_call, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
