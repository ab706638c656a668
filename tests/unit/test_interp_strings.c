/*
 * test_interp_strings.c - INS and OUTS of a device that gives and takes elements at once, against the same device one
 * by one: segments with limits, pages that are absent, read-only or no RAM, both directions, interrupts in mid-string.
 * And short strings as steps (threaded_string.c), copies onto themselves, and how much of all that a run does.
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

#define CASES 1500u
#define TURNS 2000u             /* of one instruction: 16 elements each at least */
#define DIRECTORY 0x40000u
#define TABLE 0x41000u
#define PAGES 6u                /* of the string's memory, at linear DATA, in frames that do not follow each other */
#define DATA 0x60000u
#define FRAMES 0x80000u
#define CODE 0x20000u
#define BITMAP_AT 0x68u         /* in the TSS */
#define PORT 0x1F0u
#define DEVICE_PAGE 0xF0000000u
#define INTERRUPT 0x40u

/* A machine with a device at PORT whose blocks are 1 to 700 bytes; an interrupt comes at the end of each. */
struct machine {
    struct fake_pc pc;          /* first: the bus's context */
    bool is_bulky;
    uint32_t random, left;      /* bytes of the block; what is less than an element is lost with it */
    uint32_t hash, elements, calls;
};

static struct machine bulky, single;

static uint32_t device_random(struct machine *machine)
{
    machine->random = machine->random * 1664525u + 1013904223u;
    return machine->random >> 8;
}

static void end_element(struct machine *machine, unsigned bytes)
{
    machine->elements++;
    machine->left -= bytes;
    if (machine->left >= 4)
        return;
    machine->left = 4 + device_random(machine) % 700;
    machine->pc.interp.cpu.has_interrupt = true;
    machine->pc.vector = INTERRUPT;
    interp_notice(&machine->pc.interp);
}

static uint32_t read_one(void *context, uint16_t port, unsigned bytes)
{
    struct machine *machine = context;
    uint32_t value = device_random(machine);

    assert_int_equal(port, PORT);
    machine->calls++;
    end_element(machine, bytes);
    return bytes == 4 ? value * 257 : value & ((1u << 8 * bytes) - 1);
}

static void write_one(void *context, uint16_t port, unsigned bytes, uint32_t value)
{
    struct machine *machine = context;

    assert_int_equal(port, PORT);
    machine->calls++;
    machine->hash = (machine->hash ^ value ^ bytes << 24) * 0x01000193u;
    end_element(machine, bytes);
}

/* Up to the end of the block, as a device must that interrupts there; now and then it wants them one by one. */
static uint32_t at_once(struct machine *machine, unsigned bytes, uint32_t count)
{
    uint32_t most = machine->left < 4 + bytes ? 1 : (machine->left - 4) / bytes;

    if (!machine->is_bulky || machine->left % 16 == 0)
        return 0;
    return count < most ? count : most;
}

static uint32_t read_string(void *context, uint16_t port, unsigned bytes, void *to, uint32_t count)
{
    struct machine *machine = context;
    uint32_t done = at_once(machine, bytes, count), calls = machine->calls;

    for (uint32_t i = 0; i < done; i++) {
        uint32_t value = read_one(context, port, bytes);
        memcpy((uint8_t *)to + i * bytes, &value, bytes);
    }
    machine->calls = calls + (done > 0);
    return done;
}

static uint32_t write_string(void *context, uint16_t port, unsigned bytes, const void *from, uint32_t count)
{
    struct machine *machine = context;
    uint32_t done = at_once(machine, bytes, count), calls = machine->calls;

    for (uint32_t i = 0; i < done; i++) {
        uint32_t value = 0;
        memcpy(&value, (const uint8_t *)from + i * bytes, bytes);
        write_one(context, port, bytes, value);
    }
    machine->calls = calls + (done > 0);
    return done;
}

static bool one_in(uint32_t bound)
{
    return random_below(bound) == 0;
}

/* 4 MiB as they are, but for the string's pages. */
static void put_tables(struct fake_pc *pc)
{
    static const uint8_t frames[PAGES] = { 3, 1, 4, 0, 5, 2 };

    fake_pc_put(pc, DIRECTORY, TABLE | 7, 4);
    for (uint32_t i = 0; i < 1024; i++)
        fake_pc_put(pc, TABLE + 4 * i, i << PAGE_SHIFT | 7, 4);
    for (uint32_t i = 0; i < PAGES; i++) {
        uint32_t entry = (FRAMES + ((uint32_t)frames[i] << PAGE_SHIFT)) | 7;
        if (one_in(8))
            entry = one_in(3) ? DEVICE_PAGE | 7 : entry & ~(one_in(2) ? 1u : 2u);
        fake_pc_put(pc, TABLE + 4 * ((DATA >> PAGE_SHIFT) + i), entry, 4);
    }
    for (uint32_t i = 0; i < PAGES << PAGE_SHIFT; i += 4)
        fake_pc_put(pc, FRAMES + i, random_u32(), 4);
}

/*
 * The memory operand's segment: flat, or DATA with a limit somewhere in it, upwards or downwards; with 16-bit addresses
 * it begins before DATA and they wrap in it, so that none reaches the tables.
 */
static void put_segment(struct fake_pc *pc, bool is_16bit)
{
    uint32_t limit = random_below(PAGES << PAGE_SHIFT), base = DATA;
    bool is_down = one_in(3);

    if (is_16bit) {
        limit = 0xFFFFF;
        base = DATA - 0x9000 + random_below(0x4000);
        is_down = false;
    } else if (is_down) {
        base -= limit + 1;
    }
    fake_pc_put_descriptor(pc, FAKE_PC_GDT + FAKE_PC_GDT_FREE, base, limit, is_down ? 0xF7 : 0xF3, 4);
    fake_pc_load(pc, SEG_ES, FAKE_PC_GDT_FREE);
    fake_pc_load(pc, SEG_DS, FAKE_PC_GDT_FREE);
    pc->interp.cpu.gpr[GPR_EDI] -= base;
    pc->interp.cpu.gpr[GPR_ESI] = pc->interp.cpu.gpr[GPR_EDI];
}

/* One instruction, in bytes[]; how many it has. */
static unsigned make_bytes(uint8_t *bytes)
{
    unsigned count = 0;

    if (one_in(3))
        bytes[count++] = 0x66;
    if (one_in(6))
        bytes[count++] = 0x67;
    if (!one_in(6))
        bytes[count++] = 0xF3;
    bytes[count++] = (uint8_t)(0x6C + random_below(4));
    return count;
}

static void make_case(struct machine *machine)
{
    struct fake_pc *pc = &machine->pc;
    struct vcpu *cpu = &pc->interp.cpu;

    fake_pc_init(pc);
    fake_pc_protect(pc, one_in(2) ? 3 : 0);
    pc->bus.port_read = read_one;
    pc->bus.port_write = write_one;
    pc->bus.port_read_string = read_string;
    pc->bus.port_write_string = write_string;
    put_tables(pc);
    fake_pc_put_descriptor(pc, FAKE_PC_GDT + FAKE_PC_TSS_SELECTOR, FAKE_PC_TSS, 0xFF, 0x8B, 0);
    cpu->tr.limit = 0xFF;
    fake_pc_put(pc, FAKE_PC_TSS + BITMAP_AT + PORT / 8, one_in(8) ? 1u << random_below(4) : 0, 4);
    uint8_t bytes[8];
    unsigned length = make_bytes(bytes);
    memcpy(pc->ram + CODE, bytes, length);
    cpu->eip = CODE;
    cpu->cr0 |= CR0_PG | (one_in(2) ? CR0_WP : 0) | CR0_AM;
    cpu->cr3 = DIRECTORY;
    cpu->gpr[GPR_EDX] = PORT;
    cpu->gpr[GPR_ECX] = one_in(2) ? random_below(40) : random_below(5000);
    cpu->gpr[GPR_EDI] = cpu->gpr[GPR_ESI] = DATA + random_below(PAGES << PAGE_SHIFT);
    cpu->eflags |= (one_in(4) ? EFLAGS_DF : 0) | (one_in(3) ? EFLAGS_IF : 0) | (one_in(20) ? EFLAGS_AC : 0) |
                   (one_in(20) ? EFLAGS_TF : 0);
    bool is_16bit = memchr(bytes, 0x67, length) != NULL;
    if (is_16bit || one_in(2))
        put_segment(pc, is_16bit);
    machine->random = random_u32();
    machine->left = 4 + random_below(700);
    machine->hash = machine->elements = machine->calls = 0;
    pc->input = 0xA5A5A5A5;
    interp_flush(&pc->interp);
}

/* Until it is done, or an event begins. */
static void execute(struct machine *machine)
{
    struct interp *interp = &machine->pc.interp;

    for (unsigned i = 0; i < TURNS && fake_pc_event(&machine->pc).vector < 0 && interp->cpu.retired == 0; i++)
        assert_int_equal(interp_run(interp, 1), EXIT_BUDGET);
    assert_true(interp->cpu.retired == 1 || fake_pc_event(&machine->pc).vector >= 0);
}

static void expect_same(void)
{
    assert_memory_equal(&bulky.pc.interp.cpu, &single.pc.interp.cpu, sizeof(struct vcpu));
    assert_memory_equal(bulky.pc.ram, single.pc.ram, sizeof(bulky.pc.ram));
    assert_int_equal(bulky.random, single.random);
    assert_int_equal(bulky.left, single.left);
    assert_int_equal(bulky.hash, single.hash);
    assert_int_equal(bulky.elements, single.elements);
    assert_int_equal(bulky.pc.log_count, single.pc.log_count);
    for (unsigned i = 0; i < bulky.pc.log_count; i++)
        assert_memory_equal(&bulky.pc.log[i], &single.pc.log[i], sizeof(bulky.pc.log[i]));
}

static void test_at_once_is_one_by_one(void **state)
{
    (void)state;
    unsigned events[256] = { 0 }, at_once = 0, ends = 0;

    bulky.is_bulky = true;
    for (unsigned number = 0; number < CASES; number++) {
        uint32_t seed = random_state = number * 2654435761u + 1;
        make_case(&bulky);
        random_state = seed;
        make_case(&single);
        execute(&bulky);
        execute(&single);
        expect_same();
        struct fake_event event = fake_pc_event(&bulky.pc);
        if (event.vector >= 0)
            events[event.vector]++;
        else
            ends++;
        at_once += bulky.calls < bulky.elements / 2;
    }
    assert_true(ends > CASES / 8 && at_once > CASES / 8);
    assert_true(events[EXC_GP] > CASES / 100 && events[EXC_PF] > CASES / 100 && events[INTERRUPT] > CASES / 100 &&
                events[EXC_DB] > CASES / 100);
}

/* MOVS or STOS in mostly few bytes, from and to any place in the string's pages, of which two may be the same frame. */
static void make_short_case(struct machine *machine, uint8_t repeat)
{
    struct fake_pc *pc = &machine->pc;
    uint32_t base, table = TABLE + 4 * (DATA >> PAGE_SHIFT);

    make_case(machine);
    base = pc->interp.cpu.segments[SEG_DS].base;
    fake_pc_put(pc, table - 4, 0, 4);           /* whatever the count, nothing else is reached */
    fake_pc_put(pc, table + 4 * PAGES, 0, 4);
    if (one_in(3))
        fake_pc_put(pc, table + 4 * random_below(PAGES), fake_pc_get(pc, table + 4 * random_below(PAGES), 4), 4);
    fake_pc_put(pc, CODE, repeat | (uint32_t)(0xA4 + random_below(2) + 6 * random_below(2)) << 8, 4);
    pc->interp.cpu.gpr[GPR_EAX] = one_in(2) ? 0 : random_u32();
    pc->interp.cpu.gpr[GPR_ECX] = random_below(one_in(3) ? 1200 : 40) + (one_in(8) ? 0x40000000u : 0);
    pc->interp.cpu.gpr[GPR_ESI] = DATA - base + random_below(PAGES << PAGE_SHIFT);
    pc->interp.cpu.gpr[GPR_EDI] = DATA - base + random_below(PAGES << PAGE_SHIFT);
    if (one_in(3))
        pc->interp.cpu.gpr[GPR_EDI] = pc->interp.cpu.gpr[GPR_ESI] + random_below(160) - 80;
}

/* Its pages are translated by a copy, the same way or the other: only the second instruction is a step, then. */
static void execute_twice(struct machine *machine)
{
    struct vcpu *cpu = &machine->pc.interp.cpu, before = *cpu;
    uint8_t *opcode = &machine->pc.ram[CODE + 1], wanted = *opcode;

    *opcode = 0xA4;
    cpu->gpr[GPR_ECX] &= 15;
    if (before.gpr[GPR_EAX] != 0) {
        cpu->gpr[GPR_ESI] = before.gpr[GPR_EDI];
        cpu->gpr[GPR_EDI] = before.gpr[GPR_ESI];
    }
    execute(machine);
    if (fake_pc_event(&machine->pc).vector >= 0)
        return;
    *opcode = wanted;
    *cpu = before;
    execute(machine);
}

/* F2 means to MOVS and STOS what F3 does, and no step is made for it. */
static void test_short_ones(void **state)
{
    (void)state;
    unsigned ends = 0;

    for (unsigned number = 0; number < CASES; number++) {
        uint32_t seed = random_state = number * 2654435761u + 1;
        make_short_case(&bulky, PREFIX_REP);
        random_state = seed;
        make_short_case(&single, PREFIX_REPNE);
        execute_twice(&bulky);
        execute_twice(&single);
        single.pc.ram[CODE] = PREFIX_REP;
        expect_same();
        ends += fake_pc_event(&bulky.pc).vector < 0;
    }
    assert_true(ends > CASES / 4);
}

/* Onto itself, at any distance: as byte by byte, or where elements are larger, element by element. */
static void test_copies_that_overlap(void **state)
{
    (void)state;
    static uint8_t wanted[0x4000];
    struct fake_pc *pc = &single.pc;
    static const char *const copies[] = { "\xF3\xA4", "\x66\xF3\xA5", "\xF3\xA5" };

    for (unsigned number = 0; number < 600; number++) {
        unsigned size = random_below(3), bytes = 1u << size;
        uint32_t distance = random_below(number % 2 ? 12 : 3000), count = random_below(4096) / bytes;
        fake_pc_init(pc);
        fake_pc_protect(pc, 0);
        for (unsigned i = 0; i < sizeof(wanted); i++)
            pc->ram[DATA + i] = wanted[i] = (uint8_t)random_u32();
        uint32_t from = random_below(0x1000), to = from + distance;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t element = 0;
            memcpy(&element, wanted + from + i * bytes, bytes);
            memcpy(wanted + to + i * bytes, &element, bytes);
        }
        memcpy(pc->ram + CODE, copies[size], 3);
        pc->interp.cpu.eip = CODE;
        pc->interp.cpu.gpr[GPR_ECX] = count;
        pc->interp.cpu.gpr[GPR_ESI] = DATA + from;
        pc->interp.cpu.gpr[GPR_EDI] = DATA + to;
        execute(&single);
        assert_int_equal(pc->interp.cpu.gpr[GPR_EDI], DATA + to + count * bytes);
        assert_memory_equal(pc->ram + DATA, wanted, sizeof(wanted));
    }
}

/* One instruction of 256 KiB is not one run, whatever it was given. */
static void test_bulk_ends_a_run(void **state)
{
    (void)state;
    struct fake_pc *pc = &single.pc;
    struct vcpu *cpu = &pc->interp.cpu;

    fake_pc_init(pc);
    fake_pc_protect(pc, 0);
    memcpy(pc->ram + CODE, "\xF3\xAA\xEB\xFE", 4);
    cpu->eip = CODE;
    cpu->gpr[GPR_ECX] = 0x40000;
    cpu->gpr[GPR_EDI] = DATA;
    assert_int_equal(interp_run(&pc->interp, 1000), EXIT_STOP);
    assert_int_equal(cpu->gpr[GPR_ECX], 0x20000);
    assert_int_equal(cpu->retired, 0);
    assert_int_equal(interp_run(&pc->interp, 1000), EXIT_STOP);
    assert_int_equal(cpu->gpr[GPR_ECX], 0);
    assert_int_equal(interp_run(&pc->interp, 1000), EXIT_BUDGET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once_is_one_by_one),
        cmocka_unit_test(test_short_ones),
        cmocka_unit_test(test_copies_that_overlap),
        cmocka_unit_test(test_bulk_ends_a_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
