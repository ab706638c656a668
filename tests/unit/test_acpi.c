/*
 * test_acpi.c - facts from ACPI tables: right ones, absent ones, and ones that lie about their length or content.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_acpi.h"
#include "irq/acpi.h"

static struct acpi_facts facts;

static void read_facts(void)
{
    acpi_read(&facts, FAKE_RSDP, fake_acpi_map);
}

static void assert_nothing_found(void)
{
    assert_false(facts.have_madt);
    assert_int_equal(facts.ioapic_count, 0);
    assert_int_equal(facts.hpet, 0);
    assert_int_equal(facts.pm_timer_port, 0);
    assert_int_equal(facts.serial_port, 0);
    assert_int_equal(facts.ecam_count, 0);
    assert_int_equal(facts.pci_ids + facts.pcie_ids, 0);
    assert_int_equal(facts.boot_flags, 0xFFFF);
    assert_false(facts.have_s5);
    assert_false(facts.have_reset_register);
    for (unsigned i = 0; i < ACPI_ISA_IRQS; i++)
        assert_int_equal(facts.isa[i].gsi, i);
}

static void assert_all_found(void)
{
    assert_true(facts.have_madt && facts.have_8259);
    assert_int_equal(facts.local_apic, 0xFEE00000);
    assert_int_equal(facts.ioapic_count, 2);
    assert_int_equal(facts.ioapics[0].address, 0xFEC00000);
    assert_int_equal(facts.ioapics[1].address, 0xFEC10000);
    assert_int_equal(facts.ioapics[1].gsi_base, 24);
    assert_int_equal(facts.hpet, 0xFED00000);
    assert_int_equal(facts.pm_timer_port, 0x608);
    assert_true(facts.pm_timer_32bit);
    assert_int_equal(facts.boot_flags, 0x0002);
    assert_int_equal(facts.pm1a_control, 0x604);
    assert_int_equal(facts.pm1b_control, 0x704);
    assert_true(facts.have_s5);
    assert_int_equal(facts.sleep_type_a, 5);
    assert_int_equal(facts.sleep_type_b, 1);
    assert_true(facts.have_reset_register);
    assert_int_equal(facts.reset_port, 0xCF9);
    assert_int_equal(facts.reset_value, 0x0F);
    assert_int_equal(facts.serial_port, 0x2E8);
    assert_false(facts.serial_is_other);
    assert_int_equal(facts.ecam_count, 2);
    assert_int_equal(facts.ecams[0].address, 0xB0000000);
    assert_int_equal(facts.ecams[0].segment, 0);
    assert_int_equal(facts.ecams[0].first_bus, 0);
    assert_int_equal(facts.ecams[0].last_bus, 0xFF);
    assert_int_equal(facts.ecams[1].address, 0x38FF00000000);
    assert_int_equal(facts.ecams[1].segment, 3);
    assert_int_equal(facts.ecams[1].first_bus, 0x80);
    assert_int_equal(facts.ecams[1].last_bus, 0x8F);
    assert_int_equal(facts.pci_ids, 1);
    assert_int_equal(facts.pcie_ids, 1);
}

static void everything_by_xsdt_and_by_rsdt(void **state)
{
    (void)state;
    fake_acpi_build();
    read_facts();
    assert_all_found();
    fake_acpi_bytes[FAKE_RSDP + 15] = 0;        /* ACPI 1.0: no XSDT */
    fake_acpi_sum(FAKE_RSDP, 20, 8);
    read_facts();
    assert_all_found();
}

static void a_broken_xsdt_leaves_the_rsdt(void **state)
{
    (void)state;
    fake_acpi_build();
    fake_acpi_bytes[FAKE_XSDT + 9]++;
    read_facts();
    assert_all_found();
    fake_acpi_build();
    fake_acpi_bytes[FAKE_RSDP + 32]++;          /* the checksum of all 36 bytes */
    read_facts();
    assert_all_found();
}

static void nothing_without_sound_tables(void **state)
{
    (void)state;
    fake_acpi_build();
    acpi_read(&facts, 0, fake_acpi_map);
    assert_nothing_found();
    fake_acpi_bytes[FAKE_RSDP]++;
    read_facts();
    assert_nothing_found();
    fake_acpi_build();
    fake_acpi_bytes[FAKE_XSDT + 9]++;
    fake_acpi_bytes[FAKE_RSDT + 9]++;
    read_facts();
    assert_nothing_found();
}

/* One byte off, and a table does not count; the others do. */
static void a_bad_checksum_loses_one_table_only(void **state)
{
    (void)state;
    fake_acpi_build();
    fake_acpi_bytes[FAKE_MADT + 50]++;
    fake_acpi_bytes[FAKE_DSDT + 40]++;
    read_facts();
    assert_false(facts.have_madt);
    assert_false(facts.have_s5);
    assert_int_equal(facts.hpet, 0xFED00000);
    assert_int_equal(facts.pm_timer_port, 0x608);
}

static void lengths_that_lie(void **state)
{
    (void)state;
    const uint32_t lengths[] = { 0, 35, FAKE_ACPI_BYTES, 0x7FFFFFFF, 0xFFFFFFFF };
    for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        fake_acpi_build();
        fake_acpi_put(FAKE_MADT + 4, lengths[i], 4);
        read_facts();
        assert_false(facts.have_madt);
        assert_true(facts.have_s5);
    }
}

/* Every table cut at every length, its checksum made right again. */
static void cut_tables(void **state)
{
    (void)state;
    const uint32_t tables[] = { FAKE_MADT, FAKE_FADT, FAKE_HPET, FAKE_SPCR, FAKE_DSDT, FAKE_MCFG,
                                       FAKE_SSDT, FAKE_XSDT, FAKE_RSDT };
    for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        fake_acpi_build();
        uint32_t full = fake_acpi_bytes[tables[i] + 4];
        for (uint32_t length = 36; length < full; length++) {
            fake_acpi_put(tables[i] + 4, length, 4);
            fake_acpi_sum(tables[i], length, 9);
            read_facts();
        }
        assert_false(facts.ioapic_count > 2);
    }
}

/* An entry of length 0 or 1 would be stepped over for ever, one that is too long would be read behind the table. */
static void madt_entries_that_lie(void **state)
{
    (void)state;
    const uint8_t lengths[] = { 0, 1, 255 };
    for (unsigned i = 0; i < sizeof(lengths); i++) {
        fake_acpi_build();
        fake_acpi_bytes[FAKE_MADT + 44 + 1] = lengths[i];
        fake_acpi_sum(FAKE_MADT, fake_acpi_bytes[FAKE_MADT + 4], 9);
        read_facts();
        assert_true(facts.have_madt);
        assert_int_equal(facts.ioapic_count, 0);
    }
}

static void s5_integers_in_every_encoding(void **state)
{
    (void)state;
    static const struct { const char *aml; uint8_t a, b; bool sound; } cases[] = {
        { "_S5_\x12\x06\x04\x0A\x05\x0A\x07", 5, 7, true },
        { "_S5_\x12\x06\x04\x01\x0A\x03", 1, 3, true },
        { "_S5_\x12\x46\x00\x04\x0A\x05\x0A\x01", 5, 1, true },         /* PkgLength of two bytes */
        { "_S5_\x12\x08\x04\x0B\x05\x00\x0B\x06\x00", 5, 6, true },     /* WordConst */
        { "_S5_\x12\x02\x02", 0, 0, false },
    };
    static const uint8_t sizes[] = { 11, 10, 12, 13, 7 };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_acpi_build();
        fake_acpi_dsdt(cases[i].aml, sizes[i]);
        read_facts();
        assert_int_equal(facts.have_s5, cases[i].sound);
        if (!cases[i].sound)
            continue;
        assert_int_equal(facts.sleep_type_a, cases[i].a);
        assert_int_equal(facts.sleep_type_b, cases[i].b);
    }
}

/* Registers that are not in I/O space are none that we can use; an older FADT ends before them. */
static void fadt_fields_that_do_not_count(void **state)
{
    (void)state;
    fake_acpi_build();
    fake_acpi_bytes[FAKE_FADT + 116] = 0;       /* reset register in memory */
    fake_acpi_bytes[FAKE_FADT + 8] = 1;         /* revision 1: no boot flags */
    fake_acpi_sum(FAKE_FADT, fake_acpi_bytes[FAKE_FADT + 4], 9);
    fake_acpi_bytes[FAKE_HPET + 40] = 1;
    fake_acpi_sum(FAKE_HPET, fake_acpi_bytes[FAKE_HPET + 4], 9);
    fake_acpi_bytes[FAKE_SPCR + 40] = 0;        /* a UART in memory */
    fake_acpi_sum(FAKE_SPCR, fake_acpi_bytes[FAKE_SPCR + 4], 9);
    read_facts();
    assert_false(facts.have_reset_register);
    assert_int_equal(facts.boot_flags, 0xFFFF);
    assert_int_equal(facts.hpet, 0);
    assert_int_equal(facts.serial_port, 0);
    assert_true(facts.serial_is_other);
}

/* What the table ends with counts, what it is cut in does not; of an SSDT, only host bridges count. */
static void host_bridges_in_aml(void **state)
{
    (void)state;
    fake_acpi_build();
    fake_acpi_dsdt("\x41\xD0\x0A\x08PNP0A03\x41\xD0\x0A\x08", 15);
    fake_acpi_ssdt("_S5_\x12\x06\x04\x0A\x05\x01\x00\x00\x41\xD0\x0A\x04\x41\xD0\x0A\x03PNP0A0", 26);
    read_facts();
    assert_int_equal(facts.pcie_ids, 2);
    assert_int_equal(facts.pci_ids, 2);
    assert_false(facts.have_s5);
    fake_acpi_dsdt("PNP0A08", 6);
    read_facts();
    assert_int_equal(facts.pcie_ids, 0);
}

static void more_segments_than_there_is_room(void **state)
{
    (void)state;
    fake_acpi_build();
    fake_acpi_put(FAKE_MCFG + 4, 44 + 11 * 16, 4);
    fake_acpi_sum(FAKE_MCFG, 44 + 11 * 16, 9);
    read_facts();
    assert_int_equal(facts.ecam_count, ACPI_ECAMS_MAX);
}

/* Noise with right checksums, so that it is read to the end: only AddressSanitizer and the loop's end judge it. */
static void random_tables(void **state)
{
    (void)state;
    static const uint32_t tables[] = { FAKE_MADT, FAKE_FADT, FAKE_HPET, FAKE_SPCR, FAKE_DSDT, FAKE_MCFG,
                                       FAKE_SSDT, FAKE_XSDT, FAKE_RSDT };
    uint32_t random = 0x2545F491;
    for (unsigned round = 0; round < 20000; round++) {
        fake_acpi_build();
        for (unsigned flips = 0; flips < 6; flips++) {
            random = random * 1664525 + 1013904223;
            uint32_t at = tables[(random >> 8) % (sizeof(tables) / sizeof(tables[0]))];
            uint8_t length = fake_acpi_bytes[at + 4];
            fake_acpi_bytes[at + 10 + (random >> 16) % (length - 10u)] = (uint8_t)(random >> 24);
            fake_acpi_sum(at, length, 9);
        }
        read_facts();
        assert_true(facts.ioapic_count <= ACPI_IOAPICS_MAX);
        assert_true(facts.sleep_type_a < 8 && facts.sleep_type_b < 8);
    }
}

/* The newer fields serve where firmware left the old ones empty. */
static void fadt_generic_addresses(void **state)
{
    (void)state;
    fake_acpi_build();
    fake_acpi_put(FAKE_FADT + 64, 0, 4);
    fake_acpi_put(FAKE_FADT + 76, 0, 4);
    fake_acpi_put(FAKE_FADT + 172, 0x011001, 4);    /* I/O space, 16 bits */
    fake_acpi_put(FAKE_FADT + 176, 0x1804, 8);
    fake_acpi_put(FAKE_FADT + 208, 0x012000, 4);    /* memory: no port */
    fake_acpi_put(FAKE_FADT + 212, 0x1808, 8);
    fake_acpi_sum(FAKE_FADT, fake_acpi_bytes[FAKE_FADT + 4], 9);
    read_facts();
    assert_int_equal(facts.pm1a_control, 0x1804);
    assert_int_equal(facts.pm1b_control, 0x704);
    assert_int_equal(facts.pm_timer_port, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_by_xsdt_and_by_rsdt),
        cmocka_unit_test(a_broken_xsdt_leaves_the_rsdt),
        cmocka_unit_test(nothing_without_sound_tables),
        cmocka_unit_test(a_bad_checksum_loses_one_table_only),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(cut_tables),
        cmocka_unit_test(madt_entries_that_lie),
        cmocka_unit_test(s5_integers_in_every_encoding),
        cmocka_unit_test(fadt_fields_that_do_not_count),
        cmocka_unit_test(fadt_generic_addresses),
        cmocka_unit_test(host_bridges_in_aml),
        cmocka_unit_test(more_segments_than_there_is_room),
        cmocka_unit_test(random_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
