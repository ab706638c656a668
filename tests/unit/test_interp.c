/*
 * test_interp.c - the interpreter's own: real mode and the way out of it, interrupts and what holds them off, single
 * steps, devices and ports, what only privilege 0 may do, what the processor says of itself.
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

#define DEVICE 0xFEE00010u

/* The first instruction is a far jump at FFFFFFF0; then a 16-bit INT and IRET through the table at 0. */
static void test_real_mode(void **state)
{
    (void)state;
    static uint8_t rom[PAGE_SIZE];

    fake_pc_init(&pc);
    pc.windows[0] = (struct fake_window){ 0xFFFFF000, PAGE_SIZE, rom };
    memcpy(rom + 0xFF0, "\xEA\x00\x00\x00\x20", 5);         /* jmp 2000:0000 */
    fake_pc_put(&pc, 0x21 * 4, 0x12345678, 4);              /* int 21: 1234:5678 */
    memcpy(pc.ram + 0x12340 + 0x5678, "\x40\xCF", 2);       /* inc ax; iret */
    cpu->gpr[GPR_ESP] = 0xABCD1000;
    cpu->gpr[GPR_EAX] = 0xFFFFFFFF;
    cpu->eflags |= EFLAGS_IF;
    assert_int_equal(RUN("\xCD\x21\xF4", 2), EXIT_BUDGET);
    assert_int_equal(cpu->segments[SEG_CS].selector, 0x1234);
    assert_int_equal(cpu->eip, 0x5678);
    assert_int_equal(cpu->gpr[GPR_ESP], 0xABCD0FFA);
    assert_false(cpu->eflags & EFLAGS_IF);
    assert_int_equal(fake_pc_get(&pc, 0x0FFA, 4), 0x20000002);
    assert_int_equal(interp_run(&pc.interp, 2), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_EAX], 0xFFFF0000);
    assert_true(cpu->eflags & EFLAGS_IF);
    assert_int_equal(interp_run(&pc.interp, 5), EXIT_HLT);
    assert_int_equal(cpu->eip, 3);
    assert_int_equal(cpu->gpr[GPR_ESP], 0xABCD1000);
}

/* A far operand beyond 64 KiB is #GP, without an error code on the stack; what protected mode knows is #UD. */
static void test_real_mode_faults(void **state)
{
    (void)state;
    static const struct { const char *bytes; unsigned length; uint8_t vector; } cases[] = {
        { "\x66\xA1\xFF\xFF", 4, EXC_GP }, { "\x0F\x00\xC8", 3, EXC_UD }, { "\x63\xC0", 2, EXC_UD },
        { "\x0F\x02\xC0", 3, EXC_UD }, { "\xF7\xF0", 2, EXC_DE }, { "\xCC", 1, EXC_BP },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_pc_init(&pc);
        for (uint32_t vector = 0; vector < 32; vector++)
            fake_pc_put(&pc, vector * 4, 0x10000000 + vector, 4);
        cpu->segments[SEG_CS].base = CODE;
        cpu->segments[SEG_CS].selector = CODE >> 4;
        cpu->eip = 0;
        cpu->gpr[GPR_ESP] = 0x1000;
        assert_int_equal(run(cases[i].bytes, cases[i].length, 1), EXIT_BUDGET);
        assert_int_equal(cpu->eip, cases[i].vector);
        assert_int_equal(cpu->segments[SEG_CS].base, 0x10000);
        assert_int_equal(cpu->gpr[GPR_ESP], 0x1000 - 6);
    }
}

/* LGDT, PE, a far jump: 32-bit code with flat segments. */
static void test_way_to_protected_mode(void **state)
{
    (void)state;
    fake_pc_init(&pc);
    fake_pc_put_descriptor(&pc, 0x1008, 0, 0xFFFFF, 0x9A, 0xC);
    fake_pc_put_descriptor(&pc, 0x1010, 0, 0xFFFFF, 0x92, 0xC);
    fake_pc_put(&pc, 0x500, 0x17, 2);
    fake_pc_put(&pc, 0x502, 0xFF001000, 4);         /* a 16-bit LGDT takes 24 bits of it */
    cpu->segments[SEG_CS].base = CODE;
    cpu->eip = 0;
    assert_int_equal(RUN("\x0F\x01\x16\x00\x05" "\x0F\x20\xC0" "\x0C\x01" "\x0F\x22\xC0"
                         "\x66\xEA\x15\x00\x02\x00\x08\x00" "\x66\xB8\x10\x00" "\x8E\xD8" "\xA3\x34\x12\x01\x00", 8),
                     EXIT_BUDGET);
    assert_int_equal(cpu->gdtr.base, 0x1000);
    assert_int_equal(fake_pc_get(&pc, 0x11234, 2), 0x0010);
    assert_int_equal(fake_pc_get(&pc, 0x100D, 1), 0x9B);    /* accessed */
    assert_int_equal(cpu->segments[SEG_DS].limit, 0xFFFFFFFF);
}

/* After STI and after a new SS one instruction passes first; and not a second one, if IF was 1 before. */
static void test_interrupt_shadows(void **state)
{
    (void)state;
    static const struct { const char *bytes; unsigned length; uint32_t eflags, eip; } cases[] = {
        { "\xFB\x90\x90", 3, 0, CODE + 2 }, { "\x16\x17\x90\x90", 4, EFLAGS_IF, CODE + 3 },
        { "\xFA\xFB\xFB\x90", 4, 0, CODE + 3 }, { "\x90\x90", 2, EFLAGS_IF, CODE },
        { "\xFB\xF4\x90", 3, 0, CODE + 2 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(0);
        cpu->eflags = EFLAGS_FIXED | cases[i].eflags;
        if (cases[i].bytes[0] == 0x16) {            /* push ss; then the interrupt, then pop ss */
            assert_int_equal(run(cases[i].bytes, cases[i].length, 1), EXIT_BUDGET);
            cpu->eflags &= ~EFLAGS_IF;
            assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
            cpu->eflags |= EFLAGS_IF;
        }
        raise_interrupt(0x40);
        for (unsigned steps = 0; steps < 6 && fake_pc_event(&pc).vector < 0; steps++)
            assert_int_equal(run(cases[i].bytes, cases[i].length, 1), EXIT_BUDGET);
        expect_event(0x40, cases[i].eip);
        assert_false(cpu->has_interrupt);
    }
}

static void test_hlt_and_nmi(void **state)
{
    (void)state;
    set_up(0);
    assert_int_equal(RUN("\xF4\x90", 10), EXIT_HLT);
    assert_int_equal(interp_run(&pc.interp, 10), EXIT_HLT);
    raise_interrupt(0x40);
    assert_int_equal(interp_run(&pc.interp, 10), EXIT_HLT);     /* masked */
    cpu->has_nmi = true;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    expect_event(EXC_NMI, CODE + 1);
    cpu->has_nmi = true;                                        /* a second one waits for IRET */
    memcpy(pc.ram + FAKE_PC_HANDLERS + 16 * EXC_NMI, "\x90\xCF", 2);
    assert_int_equal(interp_run(&pc.interp, 2), EXIT_BUDGET);
    assert_int_equal(cpu->eip, CODE + 1);
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    expect_event(EXC_NMI, CODE + 1);
}

static void test_window_and_stop(void **state)
{
    (void)state;
    set_up(0);
    pc.interp.wants_window = true;
    assert_int_equal(RUN("\x90\xFB\x90\x90", 10), EXIT_WINDOW);
    assert_int_equal(cpu->eip, CODE + 3);
    pc.interp.wants_window = false;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
}

/* TF: a #DB after each instruction, not after the POPF that sets it nor before the one behind a new SS. */
static void test_single_steps(void **state)
{
    (void)state;
    set_up(0);
    fake_pc_put(&pc, 0x30000, EFLAGS_FIXED | EFLAGS_TF, 4);
    assert_int_equal(RUN("\x9D\x90\x90", 2), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 2);
    assert_true(cpu->dr[6] & 1u << 14);
    assert_false(cpu->eflags & EFLAGS_TF);

    set_up(0);
    cpu->eflags |= EFLAGS_TF;
    fake_pc_put(&pc, 0x30000, FLAT_DATA0, 4);
    assert_int_equal(RUN("\x17\x90\x90", 2), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 2);

    set_up(0);                      /* a trap goes on behind a HLT: it halted in the handler, with interrupts off */
    cpu->eflags |= EFLAGS_TF;
    assert_int_equal(RUN("\xF4\x90", 1), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 1);
    assert_false(cpu->is_halted);
}

/* A base and an offset whose sum is beyond 4 GiB are an address from 0 on, also where the page's window is open. */
static void test_segments_around_4_gib(void **state)
{
    (void)state;
    set_up(0);
    cpu->segments[SEG_CS].base = 0u - 0x1000000;
    cpu->eip = CODE + 0x1000000;
    cpu->segments[SEG_SS].base = 0u - 0x2000000;
    cpu->gpr[GPR_ESP] = 0x31000 + 0x2000000;
    interp_flush(&pc.interp);
    cpu->gpr[GPR_EAX] = 0x12345678;
    assert_int_equal(RUN("\x50\x50\x5B\x50\x59\x40\x41\xE2\x00\x51", 9), EXIT_BUDGET);
    assert_int_equal(cpu->eip, CODE + 0x1000000 + 10);
    assert_int_equal(cpu->gpr[GPR_EBX], 0x12345678);
    assert_int_equal(cpu->gpr[GPR_ECX], 0x12345678);
    assert_int_equal(fake_pc_get(&pc, 0x31000 - 4, 4), 0x12345678);
    assert_int_equal(fake_pc_get(&pc, 0x31000 - 8, 4), 0x12345678);
}

/* They clear TF on their way, and no trap comes behind them, so that a handler is not single-stepped. */
static void test_no_single_step_behind_an_int(void **state)
{
    static const struct { const char *code; uint8_t vector; unsigned length; } ints[] = {
        { "\xCC", EXC_BP, 1 }, { "\xCD\x30", 0x30, 2 }, { "\xCE", EXC_OF, 1 },
    };

    (void)state;
    for (unsigned is_watched = 0; is_watched < 2; is_watched++)
        for (unsigned i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
            set_up(0);
            cpu->eflags |= EFLAGS_TF | EFLAGS_OF;
            cpu->dr[0] = CODE + 100;                /* never reached: a breakpoint is on */
            cpu->dr[7] = is_watched ? 0x402 : 0;
            interp_flush(&pc.interp);
            run(ints[i].code, ints[i].length, 1);
            expect_event(ints[i].vector, CODE + ints[i].length);
            assert_false(cpu->dr[6] & 1u << 14);
        }
    set_up(0);                      /* nor is an INTO that does nothing such a one */
    cpu->eflags |= EFLAGS_TF;
    assert_int_equal(RUN("\xCE\x90", 1), EXIT_BUDGET);
    expect_event(EXC_DB, CODE + 1);
}

/* A device's page: every access is a call, of its size; and writes to ROM are calls too. */
static void test_devices(void **state)
{
    (void)state;
    set_up(0);
    pc.input = 0x44332211;
    cpu->gpr[GPR_EBX] = DEVICE;
    assert_int_equal(RUN("\x8A\x03\x66\x8B\x0B\x8B\x13\x89\x03\x01\x03", 5), EXIT_BUDGET);
    static const struct fake_access want[] = {
        { false, DEVICE, 0x11, 1 }, { false, DEVICE, 0x2211, 2 }, { false, DEVICE, 0x44332211, 4 },
        { true, DEVICE, 0x11, 4 }, { false, DEVICE, 0x44332211, 4 }, { true, DEVICE, 0x44332222, 4 },
    };
    assert_int_equal(pc.log_count, sizeof(want) / sizeof(want[0]));
    for (unsigned i = 0; i < pc.log_count; i++)
        assert_memory_equal(&pc.log[i], &want[i], sizeof(want[i]));

    set_up(0);
    pc.rom_address = 0x50000;
    cpu->gpr[GPR_EBX] = 0x50000;
    assert_int_equal(RUN("\x8B\x03\x89\x03\x89\x03", 3), EXIT_BUDGET);
    assert_int_equal(pc.log_count, 2);
    assert_true(pc.log[0].is_write && pc.log[0].address == 0x50000);
}

static void test_ports(void **state)
{
    (void)state;
    set_up(0);
    pc.input = 0xA5A5A5A5;
    cpu->gpr[GPR_EDX] = 0x1F0;
    cpu->gpr[GPR_EDI] = 0x50000;
    cpu->gpr[GPR_ECX] = 3;
    cpu->gpr[GPR_EAX] = 0x12345678;
    assert_int_equal(RUN("\xE6\x80\x66\xEF\xEF\xF3\x6D", 4), EXIT_BUDGET);
    assert_int_equal(pc.log_count, 6);
    assert_true(pc.log[0].address == 0x80 && pc.log[0].value == 0x78 && pc.log[0].bytes == 1);
    assert_true(pc.log[1].address == 0x1F0 && pc.log[1].value == 0x5678 && pc.log[1].bytes == 2);
    assert_true(pc.log[2].value == 0x12345678 && pc.log[3].bytes == 4 && !pc.log[5].is_write);
    assert_int_equal(fake_pc_get(&pc, 0x50008, 4), 0xA5A5A5A5);
    assert_int_equal(cpu->gpr[GPR_EDI], 0x5000C);
}

static void stop_at_port(void *context, uint16_t port, unsigned bytes, uint32_t value)
{
    struct fake_pc *stopped = context;

    (void)port, (void)bytes;
    stopped->time = stopped->interp.start_eip << 8 | value;
    interp_stop(&stopped->interp);
}

/* A device ends the run behind the access that made it do so, and sees where the guest is. */
static void test_port_that_stops(void **state)
{
    (void)state;
    set_up(0);
    assert_int_equal(RUN("\x90\xE6\x80\x40\x40", 4), EXIT_BUDGET);     /* now all of it is decoded */
    cpu->eip = CODE;
    pc.bus.port_write = stop_at_port;
    cpu->gpr[GPR_EAX] = 0x12345678;
    uint64_t retired = cpu->retired;
    assert_int_equal(RUN("\x90\xE6\x80\x40\x40", 4), EXIT_STOP);
    assert_int_equal(cpu->eip - (uint32_t)(pc.time >> 8), 2);
    assert_int_equal(pc.time & 0xFF, 0x78);
    assert_int_equal(cpu->gpr[GPR_EAX], 0x12345678);
    assert_int_equal(cpu->retired - retired, 2);
}

/* The bitmap of the TSS, bit by bit; an access of two bytes needs two bits, also over the edge of a byte. */
static void test_port_bitmap(void **state)
{
    (void)state;
    for (unsigned denied = 0; denied < 16; denied++) {
        for (unsigned port = 0; port < 14; port++) {
            set_up(3);
            cpu->tr.limit = 0x68 + 3;
            fake_pc_put(&pc, FAKE_PC_TSS + 102, 0x68, 2);
            fake_pc_put(&pc, FAKE_PC_TSS + 0x68, 1u << denied, 4);
            cpu->gpr[GPR_EDX] = port;
            assert_int_equal(RUN("\x66\xED", 1), EXIT_BUDGET);
            bool is_denied = denied == port || denied == port + 1;
            assert_int_equal(fake_pc_event(&pc).vector, is_denied ? EXC_GP : -1);
        }
    }
    set_up(3);
    cpu->eflags |= EFLAGS_IOPL;                     /* then nobody looks at the bitmap */
    assert_int_equal(RUN("\xED", 1), EXIT_BUDGET);
    assert_int_equal(fake_pc_event(&pc).vector, -1);
}

/* Privilege 0 only: SDM vol. 3 "Privileged Instructions". */
static void test_privileged_instructions(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "\xF4", "\x0F\x06", "\x0F\x08", "\x0F\x09", "\x0F\x20\xC0", "\x0F\x22\xC0", "\x0F\x21\xC0", "\x0F\x23\xC0",
        "\x0F\x01\x13", "\x0F\x01\x1B", "\x0F\x01\x3B", "\x0F\x01\xF0", "\x0F\x32", "\x0F\x30", "\x0F\x33",
        "\x0F\xFF" /* #UD, so that this test can fail */, "\xFA", "\xFB",
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(3);
        assert_int_equal(run(cases[i], strlen(cases[i]) + 1, 1), EXIT_BUDGET);
        bool is_undefined = cases[i][0] == 0x0F && cases[i][1] == '\xFF';
        assert_int_equal(fake_pc_event(&pc).vector, is_undefined ? EXC_UD : EXC_GP);
        assert_int_equal(fake_pc_event(&pc).error, 0);
    }
}

/* What control registers refuse. */
static void test_control_registers(void **state)
{
    (void)state;
    static const struct { const char *bytes; uint32_t value; int vector; } cases[] = {
        { "\x0F\x22\xC0", CR0_PG, EXC_GP }, { "\x0F\x22\xC0", CR0_PE | CR0_NW, EXC_GP },
        { "\x0F\x22\xC0", CR0_PE | CR0_TS | CR0_MP, -1 }, { "\x0F\x22\xE0", CR4_PAE, EXC_GP },
        { "\x0F\x22\xE0", CR4_OSFXSR, EXC_GP } /* without a unit */, { "\x0F\x22\xE0", CR4_PSE | CR4_TSD, -1 },
        { "\x0F\x22\xC8", 0, EXC_UD }, { "\x0F\x20\xE8", 0, EXC_UD },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(0);
        cpu->gpr[GPR_EAX] = cases[i].value;
        assert_int_equal(run(cases[i].bytes, 3, 1), EXIT_BUDGET);
        assert_int_equal(fake_pc_event(&pc).vector, cases[i].vector);
    }
    set_up(0);
    cpu->gpr[GPR_EAX] = 0xFFFFFFF0;                 /* LMSW changes four bits, and cannot clear PE */
    assert_int_equal(RUN("\x0F\x01\xF0\x0F\x20\xC1", 2), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_ECX], CR0_PE | CR0_ET | CR0_NE);
}

static void test_identity(void **state)
{
    (void)state;
    set_up(3);
    pc.time = 0x100000000;
    cpu->tsc_offset = 5;
    assert_int_equal(RUN("\x0F\x31\x0F\xA2", 1), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_EAX], 5);
    assert_int_equal(cpu->gpr[GPR_EDX], 1);
    cpu->gpr[GPR_EAX] = 1;
    assert_int_equal(interp_run(&pc.interp, 1), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_EDX] & 0x8139, 0x8138);       /* DE PSE TSC MSR CX8 CMOV; no unit, so no FPU */
    set_up(0);
    cpu->gpr[GPR_ECX] = 0x1B;
    assert_int_equal(RUN("\x0F\x32\xB1\x77\x0F\x32", 1), EXIT_BUDGET);
    assert_int_equal(cpu->gpr[GPR_EAX], 0x9ABCDEF0);
    assert_int_equal(interp_run(&pc.interp, 2), EXIT_BUDGET);   /* MSR 77 is nobody's */
    expect_event(EXC_GP, CODE + 4);
    assert_int_equal(cpu->refusals.msrs, 1);
}

/* A segment for reading only: no write goes by what may be read of it, whether its page is translated or not. */
static void test_segment_for_reading_only(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        set_up(0);
        cpu->gpr[GPR_EBX] = 0x30000;
        fake_pc_put_descriptor(&pc, FAKE_PC_GDT + FAKE_PC_GDT_FREE, 0, 0xFFFFF, 0x91, 0xC);
        fake_pc_load(&pc, SEG_DS, FAKE_PC_GDT_FREE);
        interp_flush(&pc.interp);
        if (i == 1)
            assert_int_equal(RUN("\x26\x89\x03", 1), EXIT_BUDGET);      /* by ES */
        cpu->eip = CODE;
        assert_int_equal(RUN("\x89\x03", 1), EXIT_BUDGET);
        expect_event(EXC_GP, CODE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segment_for_reading_only),
        cmocka_unit_test(test_real_mode),
        cmocka_unit_test(test_real_mode_faults),
        cmocka_unit_test(test_way_to_protected_mode),
        cmocka_unit_test(test_interrupt_shadows),
        cmocka_unit_test(test_hlt_and_nmi),
        cmocka_unit_test(test_window_and_stop),
        cmocka_unit_test(test_single_steps),
        cmocka_unit_test(test_segments_around_4_gib),
        cmocka_unit_test(test_no_single_step_behind_an_int),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_port_that_stops),
        cmocka_unit_test(test_port_bitmap),
        cmocka_unit_test(test_privileged_instructions),
        cmocka_unit_test(test_control_registers),
        cmocka_unit_test(test_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
