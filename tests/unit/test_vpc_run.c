/*
 * test_vpc_run.c - what a run of a virtual PC tells besides what it did: each HLT is an exit, counted once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cpu/x86.h"
#include "small_pc.h"

#define CODE 0x8000u
#define HANDLER 0x9000u
#define STACK 0x7000u
#define VECTOR 0x20u
#define PLENTY 100u

static uint8_t acknowledge(void *context)
{
    (void)context;
    vpc.interp.cpu.has_interrupt = false;
    return VECTOR;
}

static void put(uint32_t address, const void *bytes, uint32_t count)
{
    assert_true(ram_store(vpc.ram, GPA(address), bytes, count));
}

/* HLT for ever, and a handler that returns at once, in real mode. */
static void begin_loop(void)
{
    static const uint16_t entry[] = { HANDLER, 0 };
    struct vcpu *cpu = &vpc.interp.cpu;

    put(CODE, "\xF4\xEB\xFD", 3);
    put(HANDLER, "\xCF", 1);
    put(4 * VECTOR, entry, sizeof(entry));
    vpc.bus.acknowledge = acknowledge;
    cpu->segments[SEG_CS].selector = 0;
    cpu->segments[SEG_CS].base = 0;
    cpu->gpr[GPR_ESP] = STACK;
    cpu->eip = CODE;
    cpu->eflags |= EFLAGS_IF;
    interp_flush(&vpc.interp);
}

/* Who is woken, and halts again within the same run, halts twice: that was counted once. */
static void test_each_halt_is_counted(void **state)
{
    (void)state;
    begin_loop();
    for (unsigned halts = 1; halts <= 3; halts++) {
        assert_int_equal(vpc_run(&vpc, PLENTY), VPC_WAITS);
        assert_int_equal(vpc.exits[VPC_EXIT_HALT], halts);
        assert_int_equal(vpc_run(&vpc, PLENTY), VPC_WAITS);        /* for nothing: it halts still */
        assert_int_equal(vpc.exits[VPC_EXIT_HALT], halts);
        vpc.interp.cpu.has_interrupt = true;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_halt_is_counted, small_pc_start, small_pc_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
