/*
 * test_vpc_bios.c - the BIOS of a virtual PC where tests/vpc/calls.S does not reach: keys that come late, rows that
 * scroll, sectors that are not there, and who may not call it; and where segments lie that a guest brings from
 * protected mode: anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_mmu.h"
#include "random.h"
#include "vpc/bios.h"
#include "vpc/vpc.h"

#define RAM_FRAMES 512u
#define CODE_AT 0x7C00u
#define DISK_BYTES 40000u
#define RAM_END (RAM_FRAMES << PAGE_SHIFT)
#define CALLS_AT 0xFE000u
enum { CALL_VIDEO, CALL_MEMORY, CALL_DISK, CALL_SYSTEM, CALL_KEYBOARD };        /* as the ROM has them */

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

/* Its interrupt takes what comes: a byte that stayed would keep the line up, and a kernel would never see an edge. */
static void test_keys_typed_ahead(void **state)
{
    const struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    for (unsigned key = 0; key < 15; key++) {
        i8042_key(&vpc.keyboard, (uint8_t)(0x1E + key % 9));
        assert_true(i8042_line(&vpc.keyboard));
        assert_true(call(0x09, 0x12345678, 20));
        assert_int_equal(cpu->gpr[GPR_EAX], 0x12345678);
        i8042_key(&vpc.keyboard, (uint8_t)(0x9E + key % 9));
        assert_true(call(0x09, 0x12345678, 20));
        assert_int_equal(i8042_line(&vpc.keyboard), key == 14);     /* there is no room for more */
    }
    for (unsigned key = 0; key < 15; key++) {
        assert_true(call(0x16, 0x0000, 10));
        assert_int_equal(cpu->gpr[GPR_EAX] >> 8 & 0xFF, 0x1E + key % 9);
        assert_false(i8042_line(&vpc.keyboard));
    }
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
        { 0x0280, 0x0001, 0x0080, 1 }, { 0x0201, 0x0001, 0x1080, 1 }, { 0x0201, 0x0001, 0x0081, 1 },
        { 0x0201, 0x0001, 0x0000, 1 }, { 0x0201, 0xFFFF, 0x0F80, 4 }, { 0x0240, 0x0011, 0x0080, 4 },
        { 0x024F, 0x0001, 0x0080, 0 }, { 0x0250, 0x0001, 0x0080, 4 }, { 0x0301, 0x0001, 0x0080, 1 },
        { 0x0800, 0x0000, 0x0080, 0 },
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

/* The ROM's OUT, by a guest that has jumped there with a flat CS and whatever other segments. */
static void call_rom(unsigned number, uint32_t eax)
{
    vpc.interp.start_eip = CALLS_AT + 4 * number;
    vpc.interp.cpu.gpr[GPR_EAX] = eax;
    assert_true(bios_call(&vpc, (uint16_t)(BIOS_PORT + number)));
    assert_int_equal(vpc.end, VPC_END_NONE);
}

/* Whole pages of RAM as they are, with zeroes for what nobody touched. */
static const uint8_t *copy_of_ram(void)
{
    static uint8_t copy[RAM_END];

    for (uint32_t i = 0; i < RAM_FRAMES; i++) {
        const uint8_t *page = ram_peek(&ram, i);
        if (page != NULL)
            memcpy(copy + i * PAGE_SIZE, page, PAGE_SIZE);
        else
            memset(copy + i * PAGE_SIZE, 0, PAGE_SIZE);
    }
    return copy;
}

static uint32_t sum_of_ram(void)
{
    const uint8_t *copy = copy_of_ram();
    uint32_t sum = 0;

    for (uint32_t i = 0; i < RAM_END; i++)
        sum = sum * 31 + copy[i];
    return sum;
}

/* A stack that is no RAM: flags are nowhere, and nothing else is another for it. */
static void test_stack_is_no_ram(void **state)
{
    static const uint32_t bases[] = { RAM_END, 0x80000000, 0xF0000000, LAPIC_BASE, 0xFFFF0000 };

    (void)state;
    vpc.interp.cpu.gpr[GPR_ESP] = 0x1000;
    for (unsigned i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        uint32_t sum = sum_of_ram();
        vpc.interp.cpu.segments[SEG_SS].base = bases[i];
        call_rom(CALL_SYSTEM, 0x8800);
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], 1024);
        call_rom(CALL_KEYBOARD, 0x0000);
        call_rom(CALL_KEYBOARD, 0x0100);
        assert_int_equal(sum_of_ram(), sum);
    }
}

/* Flags go where the guest's IRET takes them from, also across the end of RAM, and behind 4 GiB. */
static void test_flags_at_the_ends(void **state)
{
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    cpu->segments[SEG_SS].base = RAM_END - 0x1005;
    cpu->gpr[GPR_ESP] = 0x1000;
    call_rom(CALL_SYSTEM, 0x5300);
    assert_int_equal(copy_of_ram()[RAM_END - 1], EFLAGS_CF);
    cpu->segments[SEG_SS].base = 0xFFFFF000;
    call_rom(CALL_SYSTEM, 0x5300);
    assert_int_equal(copy_of_ram()[4] & EFLAGS_CF, EFLAGS_CF);
}

/* One sector to wherever. */
static void read_sector_to(uint32_t base, uint16_t offset)
{
    struct vcpu *cpu = &vpc.interp.cpu;

    cpu->segments[SEG_ES].base = base;
    cpu->gpr[GPR_EBX] = offset;
    cpu->gpr[GPR_ECX] = 1;
    cpu->gpr[GPR_EDX] = 0x80;
    call_rom(CALL_DISK, 0x0201);
    assert_int_equal(cpu->gpr[GPR_EAX] >> 8, 0);
}

/* What lies in RAM is there, the rest is gone; A20 is open, and behind 4 GiB comes 0. */
static void test_sectors_at_the_ends(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 512; i++)
        file[i] = (uint8_t)(i % 255 + 1);
    uint32_t sum = sum_of_ram();
    read_sector_to(RAM_END, 0);
    read_sector_to(0xF0000000, 0xFFFF);
    read_sector_to(LAPIC_BASE, 0);
    assert_int_equal(sum_of_ram(), sum);
    read_sector_to(RAM_END - 512, 0);
    assert_memory_equal(copy_of_ram() + RAM_END - 512, file, 512);
    read_sector_to(RAM_END - 0x10010, 0xFFF0);
    assert_memory_equal(copy_of_ram() + RAM_END - 32, file, 32);
    read_sector_to(0xFFFFFF00, 0);
    assert_memory_equal(copy_of_ram(), file + 256, 256);
    assert_int_equal(copy_of_ram()[256], 0x53);             /* vector 64, which leads to the IRET */
    read_sector_to(0xFFFF0, 0x10);
    assert_memory_equal(copy_of_ram() + 0x100000, file, 512);
    memset(file, 0, 512);
}

/* A packet that is no RAM is all ones, which asks for too much. */
static void test_packet_is_no_ram(void **state)
{
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        cpu->segments[SEG_DS].base = i == 0 ? 0xF0000000 : RAM_END - i;
        cpu->gpr[GPR_ESI] = 0;
        cpu->gpr[GPR_EDX] = 0x80;
        cpu->eflags = 0;
        call_rom(CALL_DISK, 0x4200);
        assert_int_equal(cpu->gpr[GPR_EAX] >> 8, 1);
        assert_int_equal(vpc_load(&vpc, CODE_AT + 4, 2) & EFLAGS_CF, EFLAGS_CF);
    }
}

/* The text page hears of what comes from a disk: a scroll that a guest had begun is over. */
static void test_sector_on_the_screen(void **state)
{
    (void)state;
    vpc.text.moved = 4;
    read_sector_to(0, 0x7E00);
    assert_int_equal(vpc.text.moved, 4);
    file[0] = 'C';
    read_sector_to(TEXT_PAGE_BASE, 0);
    assert_int_equal(vpc.text.moved, 0);
    assert_int_equal(cell(0, 0), 'C');
    file[0] = 0;
}

/* Calls of one run, by a guest that has put code of its own into the ROM: teletype, which moves the cursor. */
static uint32_t calls_of_a_run(const uint8_t code[4])
{
    struct vcpu *cpu = &vpc.interp.cpu;
    uint32_t before = crtc_cursor(&vpc.text.crtc);

    assert_true(ram_store(&ram, GPA(CALLS_AT), code, 4));
    cpu->segments[SEG_CS].base = 0xF0000;
    cpu->segments[SEG_CS].selector = 0xF000;
    cpu->eip = CALLS_AT - 0xF0000;
    cpu->gpr[GPR_EAX] = 0x0E41;
    cpu->gpr[GPR_ECX] = 1000;
    cpu->gpr[GPR_EDX] = BIOS_PORT;
    interp_flush(&vpc.interp);
    assert_int_equal(vpc_run(&vpc, 256), VPC_RUNS);
    return crtc_cursor(&vpc.text.crtc) - before;
}

/* A run is short, whatever is in it: a call is its last instruction. */
static void test_a_call_ends_the_run(void **state)
{
    static const uint8_t out_jump[4] = { 0xE6, BIOS_PORT, 0xEB, 0xFC }, rep_outs[4] = { 0xF3, 0x6E, 0xEB, 0xFC };

    (void)state;
    assert_int_equal(calls_of_a_run(out_jump), 1);
    assert_int_equal(calls_of_a_run(out_jump), 1);
    assert_int_equal(calls_of_a_run(rep_outs), 1);
    assert_int_equal(vpc.interp.cpu.gpr[GPR_ECX], 999);
}

/* Any call with any registers and segments: a sanitizer sees what leaves RAM. */
static void test_random_segments(void **state)
{
    static const uint32_t bases[] = { 0, 0xF0000, 0xFFFF0, TEXT_PAGE_BASE, RAM_END - 0x10000, RAM_END - 16, RAM_END,
                                      0x40000000, 0xF0000000, LAPIC_BASE, 0xFFFF0000, 0xFFFFFFFF };
    static const uint16_t functions[] = { 0x0000, 0x0003, 0x0100, 0x0201, 0x0240, 0x0600, 0x0800, 0x0941, 0x0E0A,
                                          0x1301, 0x4100, 0x4200, 0xE820, 0xE801, 0x8800 };
    struct vcpu *cpu = &vpc.interp.cpu;

    (void)state;
    random_state = 1;
    for (unsigned i = 0; i < 20000; i++) {
        for (unsigned j = 0; j < SEG_COUNT; j++)
            cpu->segments[j].base = bases[random_below(sizeof(bases) / sizeof(bases[0]))] + random_below(32);
        for (unsigned j = 0; j < 8; j++)
            cpu->gpr[j] = random_below(2) ? random_u32() : random_below(64);
        cpu->segments[SEG_CS].base = 0;
        cpu->gpr[GPR_EDX] = random_below(2) ? 0x80 : 0x534D4150;
        call_rom(random_below(BIOS_CALLS), functions[random_below(sizeof(functions) / sizeof(functions[0]))]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys, start, stop),
        cmocka_unit_test_setup_teardown(test_keys_typed_ahead, start, stop),
        cmocka_unit_test_setup_teardown(test_teletype, start, stop),
        cmocka_unit_test_setup_teardown(test_bad_sectors, start, stop),
        cmocka_unit_test_setup_teardown(test_memory_map, start, stop),
        cmocka_unit_test_setup_teardown(test_others_may_not_call, start, stop),
        cmocka_unit_test_setup_teardown(test_stack_is_no_ram, start, stop),
        cmocka_unit_test_setup_teardown(test_flags_at_the_ends, start, stop),
        cmocka_unit_test_setup_teardown(test_sectors_at_the_ends, start, stop),
        cmocka_unit_test_setup_teardown(test_packet_is_no_ram, start, stop),
        cmocka_unit_test_setup_teardown(test_sector_on_the_screen, start, stop),
        cmocka_unit_test_setup_teardown(test_a_call_ends_the_run, start, stop),
        cmocka_unit_test_setup_teardown(test_random_segments, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
