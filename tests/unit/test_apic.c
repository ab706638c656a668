/*
 * test_apic.c - the local APIC against a fake one that refuses what a real one in x2APIC mode answers with #GP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "irq/apic.h"

#define TIMER_VECTOR 0xF0
#define MASKED 0x10000u
#define REGISTERS 0x400

static uint32_t registers[REGISTERS];
static unsigned max_lvt;
static uint32_t id;

/* Local vectors that came with later processors: CMCI 6, thermal 5, performance 4. */
static void assert_exists(unsigned reg)
{
    assert_int_equal(reg % 0x10, 0);
    assert_true(reg >= 0x20 && reg < REGISTERS);
    assert_false(reg == 0x2F0 && max_lvt < 6);
    assert_false(reg == 0x330 && max_lvt < 5);
    assert_false(reg == 0x340 && max_lvt < 4);
}

static uint32_t fake_read(unsigned reg)
{
    assert_exists(reg);
    assert_int_not_equal(reg, 0xB0);            /* EOI is write-only */
    if (reg == 0x20)
        return id;
    return reg == 0x30 ? max_lvt << 16 | 0x14 : registers[reg];
}

/* EOI clears the highest vector in service. */
static void end_of_interrupt(void)
{
    for (int vector = 255; vector >= 0; vector--) {
        uint32_t *word = &registers[0x100 + vector / 32 * 0x10];
        if (*word >> vector % 32 & 1) {
            *word &= ~(1u << vector % 32);
            return;
        }
    }
}

static void fake_write(unsigned reg, uint32_t value)
{
    assert_exists(reg);
    assert_true(reg != 0x20 && reg != 0x30 && reg != 0x390 && (reg < 0x100 || reg >= 0x280));   /* read-only */
    /* Local vectors stay masked while the spurious register has the APIC off: SDM "Local APIC State After It Has
       Been Software Disabled". */
    if (reg >= 0x2F0 && reg <= 0x370 && !(registers[0xF0] & 0x100))
        value |= MASKED;
    if (reg == 0xB0) {
        assert_int_equal(value, 0);
        end_of_interrupt();
    }
    registers[reg] = value;
}

static const struct apic_ops xapic = { fake_read, fake_write, 24, NULL };
static const struct apic_ops x2apic = { fake_read, fake_write, 0, NULL };

static int power_up(void **state)
{
    (void)state;
    memset(registers, 0, sizeof(registers));
    registers[0x80] = 0xFF;                     /* the firmware let nothing through */
    registers[0x350] = 0x700;                   /* LINT0 as ExtINT: the 8259 */
    registers[0x320] = 0x20040;                 /* a periodic timer */
    registers[0x380] = 100000;
    max_lvt = 6;
    id = 0;
    return 0;
}

static void everything_masked_but_timer_and_nmi(void **state)
{
    (void)state;
    for (unsigned highest = 3; highest <= 6; highest++) {
        power_up(NULL);
        max_lvt = highest;
        apic_init(&x2apic, TIMER_VECTOR);
        assert_int_equal(registers[0xF0], 0x1FF);
        assert_int_equal(registers[0x80], 0);
        assert_int_equal(registers[0x320], TIMER_VECTOR);   /* one-shot, not masked */
        assert_int_equal(registers[0x350], MASKED);
        assert_int_equal(registers[0x360], 0x400);
        assert_int_equal(registers[0x370], MASKED);
        assert_int_equal(registers[0x340], max_lvt >= 4 ? MASKED : 0);
        assert_int_equal(registers[0x330], max_lvt >= 5 ? MASKED : 0);
        assert_int_equal(registers[0x2F0], max_lvt >= 6 ? MASKED : 0);
        assert_int_equal(registers[0x380], 0);              /* not counting */
        assert_int_equal(registers[0x3E0], 0xB);            /* divide by 1 */
    }
}

/* Interrupts that the firmware took and never ended would block ours for ever. */
static void nothing_left_in_service(void **state)
{
    (void)state;
    registers[0x100] = 0x80000000;
    registers[0x120] = 0x11;
    registers[0x170] = 0x80000001;
    apic_init(&xapic, TIMER_VECTOR);
    for (unsigned reg = 0x100; reg < 0x180; reg += 0x10)
        assert_int_equal(registers[reg], 0);
}

static void the_timer_counts_from_what_it_is_given(void **state)
{
    (void)state;
    apic_init(&xapic, TIMER_VECTOR);
    apic_timer_start(12345);
    assert_int_equal(registers[0x380], 12345);
    registers[0x390] = 777;
    assert_int_equal(apic_timer_left(), 777);
    apic_timer_start(0);
    assert_int_equal(registers[0x380], 0);
}

static void the_id_is_where_the_mode_has_it(void **state)
{
    (void)state;
    id = 0x07000000;
    apic_init(&xapic, TIMER_VECTOR);
    assert_int_equal(apic_id(), 7);
    id = 0x00012345;
    apic_init(&x2apic, TIMER_VECTOR);
    assert_int_equal(apic_id(), 0x12345);
}

static void one_eoi_ends_one_interrupt(void **state)
{
    (void)state;
    apic_init(&x2apic, TIMER_VECTOR);
    registers[0x170] = 3u << 16;
    apic_eoi();
    assert_int_equal(registers[0x170], 1u << 16);
}

static void the_8259_through_lint0(void **state)
{
    (void)state;
    apic_init(&x2apic, TIMER_VECTOR);
    apic_let_pic_through();
    assert_int_equal(registers[0x350], 0x700);
    assert_int_equal(registers[0x320], TIMER_VECTOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(everything_masked_but_timer_and_nmi, power_up),
        cmocka_unit_test_setup(nothing_left_in_service, power_up),
        cmocka_unit_test_setup(the_timer_counts_from_what_it_is_given, power_up),
        cmocka_unit_test_setup(the_id_is_where_the_mode_has_it, power_up),
        cmocka_unit_test_setup(one_eoi_ends_one_interrupt, power_up),
        cmocka_unit_test_setup(the_8259_through_lint0, power_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
