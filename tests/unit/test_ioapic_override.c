/*
 * test_ioapic_override.c - from the MADT's source overrides to redirection entries: every polarity and trigger, and no
 * entry more than there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_acpi.h"
#include "irq/acpi.h"
#include "irq/ioapic.c"      /* its list starts empty for each case */

#define VECTOR 0xF1
#define LOW IOAPIC_ENTRY_ACTIVE_LOW
#define LEVEL IOAPIC_ENTRY_LEVEL

static struct acpi_facts facts;

static uint32_t entry_with(uint16_t flags)
{
    fake_acpi_build();
    fake_acpi_override(9, 20, flags);
    acpi_read(&facts, FAKE_RSDP, fake_acpi_map);
    assert_int_equal(facts.isa[9].gsi, 20);
    return ioapic_entry(&facts.isa[9], VECTOR);
}

/* ACPI "MPS INTI Flags": polarity in bits 0-1, trigger in bits 2-3; 00 is what the ISA bus does: high, edge. */
static void every_polarity_and_trigger(void **state)
{
    (void)state;
    static const uint32_t polarity[] = { 0, 0, 0, LOW };        /* bus, high, reserved, low */
    static const uint32_t trigger[] = { 0, 0, 0, LEVEL };       /* bus, edge, reserved, level */
    for (unsigned flags = 0; flags < 16; flags++)
        assert_int_equal(entry_with((uint16_t)flags), VECTOR | polarity[flags & 3] | trigger[flags >> 2]);
}

static void without_an_override_the_identity(void **state)
{
    (void)state;
    fake_acpi_build();
    acpi_read(&facts, FAKE_RSDP, fake_acpi_map);
    for (unsigned irq = 0; irq < ACPI_ISA_IRQS; irq++) {
        assert_int_equal(facts.isa[irq].gsi, irq);
        assert_int_equal(ioapic_entry(&facts.isa[irq], VECTOR), VECTOR);
    }
}

static void one_override_moves_one_interrupt(void **state)
{
    (void)state;
    fake_acpi_build();
    fake_acpi_override(0, 2, 0);
    fake_acpi_override(9, 0x01020304, 0xD);
    acpi_read(&facts, FAKE_RSDP, fake_acpi_map);
    assert_int_equal(facts.isa[0].gsi, 2);
    assert_int_equal(ioapic_entry(&facts.isa[0], VECTOR), VECTOR);
    assert_int_equal(facts.isa[9].gsi, 0x01020304);
    assert_int_equal(ioapic_entry(&facts.isa[9], VECTOR), VECTOR | LEVEL);
    assert_int_equal(facts.isa[1].gsi, 1);
}

static void sources_that_isa_does_not_have(void **state)
{
    (void)state;
    fake_acpi_build();
    fake_acpi_override(16, 3, 0xF);
    fake_acpi_override(255, 3, 0xF);
    acpi_read(&facts, FAKE_RSDP, fake_acpi_map);
    for (unsigned irq = 0; irq < ACPI_ISA_IRQS; irq++)
        assert_int_equal(facts.isa[irq].gsi, irq);
}

/* The index register and the window behind it; what is read is what was put there. */
static uint32_t window[8];

static void *map_window(uint64_t physical, uint64_t bytes)
{
    assert_int_equal(physical, 0xFEC00000);
    assert_true(bytes <= sizeof(window));
    return window;
}

static bool routes_with(uint32_t version, uint32_t gsi)
{
    const struct acpi_facts one = { .ioapic_count = 1, .ioapics = { { .address = 0xFEC00000 } } };
    window[4] = version;
    ioapic_count = 0;
    ioapic_init(&one, map_window);
    return ioapic_route(&(struct acpi_isa_route){ .gsi = gsi }, VECTOR, 0);
}

/* The version register says how many entries there are; its index has 8 bits, so there cannot be 256. */
static void no_entry_beyond_the_last(void **state)
{
    (void)state;
    assert_true(routes_with(0x00170011, 23));
    assert_int_equal(window[0], 0x10 + 2 * 23);
    assert_int_equal(window[4], VECTOR);
    assert_false(routes_with(0x00170011, 24));
    assert_int_equal(window[0], 0x10 + 2 * 23);             /* masking stopped there */
    assert_int_equal(window[4], IOAPIC_ENTRY_MASKED);
    assert_true(routes_with(0x00FF0011, 119));
    assert_false(routes_with(0x00FF0011, 120));
    assert_int_equal(window[0], 0xFE);
    assert_false(routes_with(0xFFFFFFFF, 0));               /* nothing answers there */
    assert_int_equal(window[4], 0xFFFFFFFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_polarity_and_trigger),
        cmocka_unit_test(without_an_override_the_identity),
        cmocka_unit_test(one_override_moves_one_interrupt),
        cmocka_unit_test(sources_that_isa_does_not_have),
        cmocka_unit_test(no_entry_beyond_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
