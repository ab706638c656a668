/*
 * test_vpc_ioapic.c - whom an interrupt of a virtual PC's I/O APIC, or of its local one, is for: SDM vol. 3
 * "Determining IPI Destination".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "small_pc.h"

#define LINE 5u
#define VECTOR 0x55u
#define LEVEL 0x8000u
#define LOGICAL 0x800u
#define FLAT 0xFFFFFFFFu
#define CLUSTER 0x0FFFFFFFu

static void write_ioapic(uint32_t index, uint32_t value)
{
    i82093_write(&vpc.ioapic, 0, index, &vpc.lapic);
    i82093_write(&vpc.ioapic, 0x10, value, &vpc.lapic);
}

static uint32_t read_entry(void)
{
    i82093_write(&vpc.ioapic, 0, 0x10 + 2 * LINE, &vpc.lapic);
    return i82093_read(&vpc.ioapic, 0x10);
}

static void name_processor(uint32_t id, uint32_t group, uint32_t model)
{
    (void)lapic_write(&vpc.lapic, 0xF0, 0x1FF, now_ns);
    (void)lapic_write(&vpc.lapic, 0x20, id << 24, now_ns);
    (void)lapic_write(&vpc.lapic, 0xD0, group << 24, now_ns);
    (void)lapic_write(&vpc.lapic, 0xE0, model, now_ns);
}

static void begin_line(uint32_t destination, uint32_t flags)
{
    i82093_set_lines(&vpc.ioapic, 0, &vpc.lapic);
    write_ioapic(0x10 + 2 * LINE + 1, destination << 24);
    write_ioapic(0x10 + 2 * LINE, VECTOR | flags);
    i82093_set_lines(&vpc.ioapic, 1u << LINE, &vpc.lapic);
}

/* It came, once, and is over. */
static bool took(uint32_t vector)
{
    if (!lapic_has_interrupt(&vpc.lapic))
        return false;
    assert_int_equal(lapic_acknowledge(&vpc.lapic), vector);
    (void)lapic_write(&vpc.lapic, 0xB0, 0, now_ns);
    assert_false(lapic_has_interrupt(&vpc.lapic));
    write_ioapic(0x10 + 2 * LINE, 0x10000);                 /* an edge that is masked: nothing of a level is left */
    return true;
}

/* The same by an interrupt command. */
static bool took_command(uint32_t destination, uint32_t flags)
{
    (void)lapic_write(&vpc.lapic, 0x310, destination << 24, now_ns);
    (void)lapic_write(&vpc.lapic, 0x300, (VECTOR + 1) | flags, now_ns);
    return took(VECTOR + 1);
}

static void test_destinations(void **state)
{
    static const struct { uint32_t id, group, model, flags, destination; bool is_meant; } cases[] = {
        { 0, 0, FLAT, 0, 0x00, true }, { 0, 0, FLAT, 0, 0x01, false }, { 0, 0, FLAT, 0, 0xFF, true },
        { 3, 0, FLAT, 0, 0x03, true }, { 3, 1, FLAT, 0, 0x01, false }, { 3, 0, FLAT, 0, 0x00, false },
        { 0, 1, FLAT, LOGICAL, 0x01, true }, { 0, 1, FLAT, LOGICAL, 0x02, false }, { 0, 4, FLAT, LOGICAL, 0x0F, true },
        { 1, 2, FLAT, LOGICAL, 0x01, false }, { 0, 0, FLAT, LOGICAL, 0x7F, false },
        { 0, 1, FLAT, LOGICAL, 0x00, false },
        { 0, 0, FLAT, LOGICAL, 0xFF, true }, { 0, 0x21, CLUSTER, LOGICAL, 0x21, true },
        { 0, 0x21, CLUSTER, LOGICAL, 0x23, true }, { 0, 0x21, CLUSTER, LOGICAL, 0x31, false },
        { 0, 0x21, CLUSTER, LOGICAL, 0x22, false }, { 0, 0x21, CLUSTER, LOGICAL, 0xFF, true },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        name_processor(cases[i].id, cases[i].group, cases[i].model);
        begin_line(cases[i].destination, cases[i].flags);
        assert_int_equal(took(VECTOR), cases[i].is_meant);
        begin_line(cases[i].destination, cases[i].flags | LEVEL);
        assert_int_equal(took(VECTOR), cases[i].is_meant);
        begin_line(cases[i].destination, cases[i].flags | 0x100);       /* lowest priority */
        assert_int_equal(took(VECTOR), cases[i].is_meant);
        assert_int_equal(took_command(cases[i].destination, cases[i].flags), cases[i].is_meant);
    }
}

/* A level that nobody accepts has no remote IRR: it comes when the entry, or the processor's name, is another. */
static void test_level_to_nobody(void **state)
{
    (void)state;
    name_processor(0, 0, FLAT);
    begin_line(7, LEVEL);
    assert_false(lapic_has_interrupt(&vpc.lapic));
    assert_int_equal(read_entry(), LEVEL | VECTOR);
    write_ioapic(0x10 + 2 * LINE + 1, 0);
    assert_int_equal(read_entry(), LEVEL | 0x4000 | VECTOR);
    assert_true(took(VECTOR));
    begin_line(7, LEVEL);
    name_processor(7, 0, FLAT);
    i82093_set_lines(&vpc.ioapic, 1u << LINE, &vpc.lapic);
    assert_true(took(VECTOR));
}

/* An edge that was not for this processor is not kept for it. */
static void test_edge_to_nobody(void **state)
{
    (void)state;
    name_processor(0, 0, FLAT);
    begin_line(7, 0);
    write_ioapic(0x10 + 2 * LINE + 1, 0);
    i82093_set_lines(&vpc.ioapic, 1u << LINE, &vpc.lapic);
    assert_false(lapic_has_interrupt(&vpc.lapic));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, small_pc_start, small_pc_stop)
    const struct CMUnitTest tests[] = {
        TEST(test_destinations), TEST(test_level_to_nobody), TEST(test_edge_to_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
