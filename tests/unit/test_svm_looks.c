/*
 * test_svm_looks.c - after a way out that was seen to at once it is looked at whether anything came up, where anything
 * can have; and what is shown of the local APIC is true then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "fake_svm_host.h"
#include "string_pc.h"
#include "vpc/ports.h"

#define PIN 4u                  /* of the serial line */
#define VECTOR 0x44u
#define IER 0x3F9u
#define IER_EMPTY 2u            /* with it the line rises at once */
#define NPF_WRITE (SVM_NPF_OPERAND | PF_WRITE)

static const struct form any = { "\xF3\x6D", 2, 4, true, true, true };

/* Left at this port, by a byte. */
static enum svm_next leave(uint16_t port, bool is_in, uint8_t value)
{
    block->exit_code = SVM_EXIT_IOIO;
    block->exit_info1 = (uint64_t)port << SVM_IO_PORT_SHIFT | SVM_IO_BYTE | (is_in ? SVM_IO_IN : 0);
    block->exit_info2 = block->rip + 1;
    block->rax = value;
    return after_exit(&vpc, block);
}

/* About to be left, all seen to; the serial line's interrupt goes by the I/O APIC to a local APIC that is shown. */
static void begin(bool is_open, bool has_window)
{
    struct svm *svm = vpc.svm;

    set_up(&any);
    vpc_write_apic(&vpc, 0xF0, 0x1FF);
    vpc_bus.write(&vpc, GPA(I82093_BASE), 4, 0x10 + 2 * PIN);
    vpc_bus.write(&vpc, GPA(I82093_BASE + 0x10), 4, VECTOR);
    for (unsigned i = 0; i < LAPIC_QUIET_READS; i++)
        (void)lapic_read(&vpc.lapic, 0x20, 0);
    lapic_make_page(&vpc.lapic, svm->apic_page, 0);
    assert_true(nested_show_device(&svm->nested, LAPIC_BASE >> PAGE_SHIFT, ptr_to_hpa(svm->apic_page)));
    svm->nested.must_flush = false;
    svm->alarm_ns = vpc.due_ns;
    vmcb_put(block, &vpc.interp.cpu);
    block->rflags |= is_open ? EFLAGS_IF : 0;
    block->interrupt_control = has_window ? VMCB_V_IRQ : 0;
    vpc.exits_left = 100;
    vpc.interp.pauses = 0;
    vpc.is_stirred = false;
}

static uint32_t shown(uint32_t offset)
{
    return vpc.svm->apic_page[offset / 4];
}

static void test_nothing_came_up(void **state)
{
    (void)state;
    begin(true, false);
    assert_int_equal(leave(0x21, true, 0), SVM_AGAIN);
    assert_int_equal(leave(0x1F2, false, 5), SVM_AGAIN);
    assert_int_equal(leave(0x3D4, false, 5), SVM_AGAIN);
    assert_int_equal(leave(PORT_PAUSE, false, 5), SVM_AGAIN);
}

/* It ends the stay where it can begin, and where nothing tells yet when. */
static void test_an_interrupt_came_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool is_open = i & 1, has_window = i & 2;
        begin(is_open, has_window);
        assert_int_equal(leave(IER, false, IER_EMPTY), has_window && !is_open ? SVM_AGAIN : SVM_DONE);
        assert_true(vpc.interp.cpu.has_interrupt);
        assert_int_equal(vpc.is_stirred, !has_window || is_open);       /* it is seen to once */
        assert_int_equal(shown(0x200 + 16 * (VECTOR / 32)), 1u << VECTOR % 32);
        ports_write(&vpc, IER, 1, 0);
        (void)lapic_acknowledge(&vpc.lapic);
        (void)lapic_write(&vpc.lapic, 0xB0, 0, 0);
    }
}

static void test_another_time_came_up(void **state)
{
    (void)state;
    begin(true, false);
    (void)leave(0x43, false, 0x34);
    vpc.svm->alarm_ns = vpc.due_ns;
    assert_int_equal(leave(0x40, false, 0x10), SVM_AGAIN);
    assert_int_equal(leave(0x40, false, 0x10), SVM_DONE);
}

static void test_the_run_is_over(void **state)
{
    (void)state;
    begin(true, false);
    vpc.exits_left = 2;
    assert_int_equal(leave(0x21, true, 0), SVM_AGAIN);
    assert_int_equal(leave(0x21, true, 0), SVM_DONE);
}

/* After each exit, so the interpreter has the rest of a string that is cut. */
static void test_who_moves_is_looked_at(void **state)
{
    (void)state;
    for (unsigned moves = 0; moves < 2; moves++) {
        set_up(&any);
        assert_true(ram_store(&ram, GPA(CODE + 2), "\xEB\xFE", 2));     /* behind it it stays where it is */
        command(PRIMARY_READ, 3, 2, 0);
        set_index(DATA, 256);
        vpc.svm->moves = moves;
        assert_int_equal(finish_by_svm(), EXIT_BUDGET);
        assert_int_equal(by_itself, moves ? 1 : 2);
        assert_int_equal(vpc.interp.cpu.gpr[GPR_ECX], 0);
    }
}

/* A store to a register is shown when the guest goes on. */
static void test_a_store_is_shown(void **state)
{
    static const char store[] = "\xA3\x80\x00\xE0\xFE", end[] = "\xA3\xB0\x00\xE0\xFE";

    (void)state;
    begin(false, true);
    (void)leave(IER, false, IER_EMPTY);
    assert_int_equal(lapic_acknowledge(&vpc.lapic), VECTOR);
    svm_refresh_apic(&vpc);
    assert_int_equal(shown(0xA0), VECTOR & 0xF0);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(ram_store(&ram, GPA(CODE), i == 0 ? store : end, 5));
        vpc.interp.cpu.eip = CODE;
        interp_flush(&vpc.interp);
        site_learn(vpc.svm->sites, &vpc.interp);
        block->rip = CODE;
        block->rax = 0x70;
        block->exit_code = SVM_EXIT_NPF;
        block->exit_info1 = NPF_WRITE;
        block->exit_info2 = LAPIC_BASE + (i == 0 ? 0x80 : 0xB0);
        assert_int_equal(after_exit(&vpc, block), SVM_AGAIN);
        assert_int_equal(shown(0x80), 0x70);
        assert_int_equal(shown(0xA0), 0x70);
        assert_int_equal(shown(0x100 + 16 * (VECTOR / 32)), i == 0 ? 1u << VECTOR % 32 : 0);
    }
}

/* Whoever reads the count does not see the page any more, from the next look on. */
static void test_who_counts_is_shown_nothing(void **state)
{
    (void)state;
    begin(true, false);
    (void)lapic_read(&vpc.lapic, 0x390, 0);
    assert_true(vpc.svm->nested.device_page.v != 0);
    svm_refresh_apic(&vpc);
    assert_true(vpc.svm->nested.device_page.v == 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, string_pc_start, string_pc_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_came_up), TEST(test_an_interrupt_came_up), TEST(test_another_time_came_up),
        TEST(test_the_run_is_over), TEST(test_who_moves_is_looked_at), TEST(test_a_store_is_shown),
        TEST(test_who_counts_is_shown_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
