/*
 * test_svm_fast.c - what is done for a guest without the interpreter is what the interpreter does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "left_guest.h"
#include "vpc/ports.h"

/* The first time the interpreter answers, the second time nobody has to ask it. */
static void test_cpuid_says_the_same_without_the_interpreter(void **state)
{
    static const uint32_t questions[] = { 0, 1, 2, 3, 4, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF };
    uint32_t *gpr = vpc.interp.cpu.gpr, said[4];

    (void)state;
    for (unsigned i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        sites_forget(svm.sites);
        for (unsigned pass = 0; pass < 2; pass++) {
            gpr[GPR_ECX] = gpr[GPR_EDX] = gpr[GPR_EBX] = 0x55555555;
            gpr[GPR_EAX] = questions[i];
            vpc.interp.cpu.eflags |= EFLAGS_RF;
            assert_int_equal(leave_at(CPUID, 2, SVM_EXIT_CPUID, 0, 0), pass == 1);
            if (pass == 1) {
                assert_memory_equal(said, gpr, sizeof(said));
                assert_false(vpc.interp.cpu.eflags & EFLAGS_RF);
            }
            memcpy(said, gpr, sizeof(said));
        }
    }
}

static void test_time_is_the_same_without_the_interpreter(void **state)
{
    (void)state;
    for (unsigned pass = 0; pass < 3; pass++) {
        now_ns = 0x123456789ABull + pass;
        vpc.interp.cpu.tsc_offset = 0x1000;
        vpc.due_ns = svm.alarm_ns;
        assert_int_equal(leave_at(RDTSC, 2, SVM_EXIT_RDTSC, 0, 0), pass > 0);
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], (uint32_t)(now_ns + 0x1000));
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EDX], (now_ns + 0x1000) >> 32);
    }
    now_ns = 0;
}

/* Every register, and immediates, of which one has more than eight bytes. */
static void test_stores_to_the_apic(void **state)
{
    static const struct { const char *bytes; size_t count; unsigned source; } forms[] = {
        { "\xA3" TPR_BYTES, 5, GPR_EAX }, { "\x89\x0D" TPR_BYTES, 6, GPR_ECX }, { "\x89\x15" TPR_BYTES, 6, GPR_EDX },
        { "\x89\x1D" TPR_BYTES, 6, GPR_EBX }, { "\x89\x25" TPR_BYTES, 6, GPR_ESP },
        { "\x89\x2D" TPR_BYTES, 6, GPR_EBP }, { "\x89\x35" TPR_BYTES, 6, GPR_ESI },
        { "\x3E\x89\x3D" TPR_BYTES, 7, GPR_EDI }, { "\xC7\x05" TPR_BYTES "\x30\x00\x00\x00", 10, GPR_NONE },
        { "\xC7\x00\x30\x00\x00\x00", 6, GPR_NONE },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        for (unsigned pass = 0; pass < 2; pass++) {
            vpc.lapic.tpr = 0;
            vpc.interp.cpu.gpr[GPR_EAX] = TPR;
            if (forms[i].source != GPR_NONE)
                vpc.interp.cpu.gpr[forms[i].source] = 0x30;
            assert_int_equal(leave_at(forms[i].bytes, forms[i].count, SVM_EXIT_NPF, NPF_WRITE, TPR), pass == 1);
            assert_int_equal(vpc.lapic.tpr, 0x30);
        }
    }
}

#define CELL (TEXT_PAGE_BASE + 0x10)
#define CELL_BYTES "\x10\x80\x0B\x00"

static uint32_t cell_now(void)
{
    uint32_t value;

    memcpy(&value, ram_peek(&ram, TEXT_PAGE_BASE >> PAGE_SHIFT) + (CELL & PAGE_MASK), sizeof(value));
    return value;
}

/* Of each width and source; one immediate is the end of more than eight bytes. BH is no register by its number. */
static void test_stores_to_the_text_page(void **state)
{
    static const struct { const char *bytes; size_t count; uint32_t stored; bool is_plain; } forms[] = {
        { "\xA2" CELL_BYTES, 5, 0xFFFFFF44, true }, { "\x66\xA3" CELL_BYTES, 6, 0xFFFF3344, true },
        { "\xA3" CELL_BYTES, 5, 0x11223344, true }, { "\x88\x1D" CELL_BYTES, 6, 0xFFFFFF88, true },
        { "\x88\x3D" CELL_BYTES, 6, 0xFFFFFF77, false }, { "\x66\x89\x1D" CELL_BYTES, 7, 0xFFFF7788, true },
        { "\xC6\x05" CELL_BYTES "\x99", 7, 0xFFFFFF99, true },
        { "\x66\xC7\x05" CELL_BYTES "\x98\x97", 9, 0xFFFF9798, true },
        { "\xC7\x05" CELL_BYTES "\x96\x95\x94\x93", 10, 0x93949596, true },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        for (unsigned pass = 0; pass < 2; pass++) {
            store_word(CELL, UINT32_MAX);
            vpc.interp.cpu.gpr[GPR_EAX] = 0x11223344;
            vpc.interp.cpu.gpr[GPR_EBX] = 0x55667788;
            bool is_fast = leave_at(forms[i].bytes, forms[i].count, SVM_EXIT_NPF, NPF_WRITE, CELL);
            assert_int_equal(is_fast, pass == 1 && forms[i].is_plain);
            assert_int_equal(cell_now(), forms[i].stored);
        }
    }
    assert_int_equal(vpc.exits[VPC_EXIT_WRITE], 2 * sizeof(forms) / sizeof(forms[0]));
}

/* A page that others have, too, is not stored to before it is the guest's own, which the interpreter sees to. */
static void test_a_shared_text_page_is_looked_at(void **state)
{
    static const char store[] = "\xA3" CELL_BYTES;
    struct gframe *record = &ram.frames[TEXT_PAGE_BASE >> PAGE_SHIFT];

    (void)state;
    for (unsigned pass = 0; pass < 6; pass++) {
        bool is_shared = pass == 3;
        vpc.interp.cpu.gpr[GPR_EAX] = pass;
        record->flags |= is_shared ? GFRAME_SHARED : 0;
        ram.shared_count += is_shared;
        assert_int_equal(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, CELL), pass != 0 && pass != 3 && pass != 4);
        assert_int_equal(cell_now(), pass);
        assert_false(record->flags & GFRAME_SHARED);
    }
}

/* At the page's first byte ends, perhaps, a store that began on the page before. */
static void test_the_first_byte_of_the_text_page_is_looked_at(void **state)
{
    static const char across[] = "\x66\xA3\xFF\x7F\x0B\x00";

    (void)state;
    for (unsigned pass = 0; pass < 2; pass++) {
        vpc.interp.cpu.gpr[GPR_EAX] = 0x1234;
        assert_false(leave_at(across, 6, SVM_EXIT_NPF, NPF_WRITE, TEXT_PAGE_BASE));
        assert_int_equal(*(const uint8_t *)ram_peek(&ram, TEXT_PAGE_BASE >> PAGE_SHIFT), 0x12);
    }
}

/* The same of the APIC's page, which has no register there. */
static void test_the_first_byte_of_the_apic_is_looked_at(void **state)
{
    static const char across[] = "\xA3\xFE\xFF\xDF\xFE";

    (void)state;
    for (unsigned pass = 0; pass < 3; pass++)
        assert_false(leave_at(across, 5, SVM_EXIT_NPF, NPF_WRITE, LAPIC_BASE));
}

/* One exit after the other: the interpreter goes on, and does more than the one. With another between it does not. */
static void test_who_fills_the_text_page_is_interpreted(void **state)
{
    static const char store_and_stay[] = "\x66\xA3" CELL_BYTES "\x40\xEB\xFD";

    (void)state;
    store_bytes(CODE, store_and_stay, sizeof(store_and_stay));
    (void)leave(SVM_EXIT_NPF, NPF_WRITE, CELL);
    for (unsigned before = SVM_TEXT_RUN - 2; before <= SVM_TEXT_RUN; before++) {
        bool fills = before == SVM_TEXT_RUN - 1;
        svm.text_run = before;
        svm.text_exit = svm.exits - (before == SVM_TEXT_RUN);
        vpc.interp.cpu.gpr[GPR_EAX] = 0;
        assert_int_equal(leave(SVM_EXIT_NPF, NPF_WRITE, CELL), !fills);
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX] > SVM_BURST / 3, fills);
    }
}

/* An interrupt that waits for a guest that is closed to it, and of which a window will tell, is in nobody's way. */
static void test_an_interrupt_that_waits(void **state)
{
    const uint64_t port = 0x21ull << SVM_IO_PORT_SHIFT | 1u << SVM_IO_BYTES_SHIFT | SVM_IO_IN;

    (void)state;
    (void)leave_at(RDTSC, 2, SVM_EXIT_RDTSC, 0, 0);
    vpc.interp.cpu.has_interrupt = vpc.pic_asks = true;
    assert_true(leave_at(RDTSC, 2, SVM_EXIT_RDTSC, 0, 0));
    assert_int_equal(entries, 2);
    assert_true(leave(SVM_EXIT_IOIO, port, CODE + 1));
    assert_int_equal(entries, 2);
    vpc.interp.cpu.eflags |= EFLAGS_IF;
    vpc.interp.cpu.shadow = SHADOW_STI;
    assert_false(leave(SVM_EXIT_RDTSC, 0, 0));
}

/* Bytes, what is no plain store, what reaches for a table, and single steps. */
static void test_what_is_not_plain_is_looked_at(void **state)
{
    static const char store[] = "\xA3" TPR_BYTES, byte[] = "\xA2" TPR_BYTES, added[] = "\x01\x0D" TPR_BYTES;

    (void)state;
    for (unsigned pass = 0; pass < 2; pass++) {
        vpc.interp.cpu.gpr[GPR_ECX] = 0;
        assert_false(leave_at(byte, 5, SVM_EXIT_NPF, NPF_WRITE, TPR));
        assert_false(leave_at(added, 6, SVM_EXIT_NPF, NPF_WRITE, TPR));
    }
    (void)leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_true(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, TPR));
    assert_false(leave_at(store, 5, SVM_EXIT_NPF, PF_WRITE | 1ull << 33, TPR));
    assert_false(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, TPR + 1));
    assert_false(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, I82093_BASE));
    assert_false(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, LAPIC_BASE + 0x300));
    vpc.interp.cpu.eflags |= EFLAGS_TF;
    entries = by_itself = 0;
    (void)leave(SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_int_equal(by_itself, 0);
}

/* What a port gives goes to so much of EAX as was asked for. */
static void test_ports(void **state)
{
    const uint64_t port = 0x21ull << SVM_IO_PORT_SHIFT, byte = 1u << SVM_IO_BYTES_SHIFT;

    (void)state;
    vpc.interp.cpu.gpr[GPR_EAX] = 0x123456A5;
    assert_true(leave(SVM_EXIT_IOIO, port | byte, CODE + 2));
    assert_int_equal(vpc.interp.cpu.eip, CODE + 2);
    vpc.interp.cpu.gpr[GPR_EAX] = 0x12345600;
    assert_true(leave(SVM_EXIT_IOIO, port | byte | SVM_IO_IN, CODE + 1));
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], 0x123456A5);
    assert_int_equal(vpc.interp.cpu.eip, CODE + 1);
    assert_false(leave(SVM_EXIT_IOIO, port | byte | SVM_IO_IN | SVM_IO_STRING, CODE + 1));
    assert_true(leave(SVM_EXIT_IOIO, port | 4u << SVM_IO_BYTES_SHIFT | SVM_IO_IN, CODE + 1));
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], 0xFFFFFFA5);
}

/* Of each kind of device: what is written by a byte is read again, and no shadow and no RF outlive the instruction. */
static void test_bytes_of_every_device(void **state)
{
    static const struct { uint16_t port; uint8_t value, read; } cases[] = {
        { 0x21, 0x5A, 0x5A }, { 0xA1, 0xA5, 0xA5 }, { 0x1F6, 0x40, 0xE0 }, { 0x1F3, 0x77, 0 }, { 0x3F6, 2, 0 },
        { 0x3F7, 1, 0xFF }, { 0x3D4, 0x0E, 0x0E }, { 0x3D5, 0x07, 0x07 }, { 0x3D4, 0x0F, 0x0F }, { 0x3D5, 0x39, 0x39 },
        { 0x3D6, 1, 0 }, { 0x3C9, 1, 0 }, { 0x3CC, 0, 0x67 }, { 0x3FF, 0xC3, 0xC3 }, { 0x3FB, 3, 3 },
        { 0x3FD, 0, 0x60 }, { 0x4D0, 0x08, 0x08 }, { 0x378, 1, 0xFF }, { 0xFFFF, 1, 0xFF },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t info = (uint64_t)cases[i].port << SVM_IO_PORT_SHIFT | SVM_IO_BYTE;
        for (unsigned is_in = 0; is_in < 2; is_in++) {
            vpc.interp.cpu.gpr[GPR_EAX] = 0x12345600u | (is_in ? 0xEE : cases[i].value);
            vpc.interp.cpu.eflags |= EFLAGS_RF;
            vpc.interp.cpu.shadow = SHADOW_STI;
            assert_true(leave(SVM_EXIT_IOIO, info | (is_in ? SVM_IO_IN : 0), CODE + 1));
            assert_int_equal(vpc.interp.cpu.eip, CODE + 1);
            assert_int_equal(vpc.interp.cpu.shadow, SHADOW_NONE);
            assert_false(vpc.interp.cpu.eflags & EFLAGS_RF);
        }
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], 0x12345600u | cases[i].read);
    }
    assert_int_equal(crtc_cursor(&vpc.text.crtc), 0x739);
}

/* What is written to the serial line's first port goes out, but not into the divisor, nor round the loop. */
static void test_bytes_that_do_not_go_out(void **state)
{
    const uint64_t byte = SVM_IO_BYTE, data = 0x3F8ull << SVM_IO_PORT_SHIFT | byte;

    (void)state;
    for (unsigned way = 0; way < 3; way++) {
        ports_write(&vpc, 0x3FB, 1, way == 1 ? 0x83 : 3);
        ports_write(&vpc, 0x3FC, 1, way == 2 ? 0x10 : 0);
        vpc.output_count = 0;
        vpc.interp.cpu.gpr[GPR_EAX] = 'c';
        assert_true(leave(SVM_EXIT_IOIO, data, CODE + 1));
        assert_int_equal(vpc.output_count, way == 0);
        assert_true(way != 0 || vpc.output[0] == 'c');
        vpc.interp.cpu.gpr[GPR_EAX] = 0;
        assert_true(leave(SVM_EXIT_IOIO, data | SVM_IO_IN, CODE + 1));
        assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX], way == 0 ? 0 : 'c');
    }
}

/* A byte to port 80 is an exit that is counted, and nothing else; another port, or a wider value, is a port's. */
static void test_a_pause_reaches_nobody(void **state)
{
    const uint64_t port = (uint64_t)PORT_PAUSE << SVM_IO_PORT_SHIFT, byte = 1u << SVM_IO_BYTES_SHIFT;
    const uint64_t *writes = &vpc.exits[VPC_EXIT_PORT_WRITE];
    uint32_t trail = vpc.trail_count;

    (void)state;
    vpc.interp.cpu.eflags |= EFLAGS_RF;
    assert_true(leave(SVM_EXIT_IOIO, port | byte, CODE + 2));
    assert_int_equal(vpc.interp.cpu.eip, CODE + 2);
    assert_false(vpc.interp.cpu.eflags & EFLAGS_RF);
    assert_int_equal(*writes, 1);
    assert_int_equal(vpc.trail_count, trail);
    assert_true(leave(SVM_EXIT_IOIO, port | 2 * byte, CODE + 2));
    assert_int_equal(*writes, 2);
    assert_int_equal(vpc.trail_count, trail + 1);
    assert_true(leave(SVM_EXIT_IOIO, port | byte | SVM_IO_IN, CODE + 1));
    assert_int_equal(vpc.interp.cpu.gpr[GPR_EAX] & 0xFF, 0xFF);
    assert_false(leave(SVM_EXIT_IOIO, (uint64_t)BIOS_PORT << SVM_IO_PORT_SHIFT | byte, CODE + 2));
}

/* One that had begun to be delivered as the guest left is delivered again: nobody goes on without a look. */
static void test_what_was_on_its_way_is_looked_at(void **state)
{
    const uint64_t port = 0x21ull << SVM_IO_PORT_SHIFT | 1u << SVM_IO_BYTES_SHIFT | SVM_IO_IN;
    static const char store[] = "\xA3" TPR_BYTES;

    (void)state;
    (void)leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, TPR);
    assert_true(leave_at(store, 5, SVM_EXIT_NPF, NPF_WRITE, TPR));
    assert_true(leave(SVM_EXIT_IOIO, port, CODE + 1));
    event_left = VMCB_EVENT_VALID | VMCB_EVENT_INTERRUPT | 0x30;
    assert_false(leave(SVM_EXIT_NPF, NPF_WRITE, TPR));
    assert_false(leave(SVM_EXIT_IOIO, port, CODE + 1));
    event_left &= ~VMCB_EVENT_VALID;            /* what is stale stays there */
    assert_true(leave(SVM_EXIT_IOIO, port, CODE + 1));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, left_start, left_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_cpuid_says_the_same_without_the_interpreter), TEST(test_time_is_the_same_without_the_interpreter),
        TEST(test_stores_to_the_apic), TEST(test_stores_to_the_text_page),
        TEST(test_the_first_byte_of_the_text_page_is_looked_at), TEST(test_the_first_byte_of_the_apic_is_looked_at),
        TEST(test_who_fills_the_text_page_is_interpreted),
        TEST(test_an_interrupt_that_waits), TEST(test_what_is_not_plain_is_looked_at),
        TEST(test_what_was_on_its_way_is_looked_at),
        TEST(test_a_shared_text_page_is_looked_at), TEST(test_bytes_of_every_device), TEST(test_ports),
        TEST(test_bytes_that_do_not_go_out),
        TEST(test_a_pause_reaches_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
