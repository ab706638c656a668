/*
 * test_calibrate.c - references and calibration against fake counters: wraps, a reference that stands still, an SMI.
 *
 * The sources are compiled in here with instructions that go to a machine on paper, whose time passes with each access.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CPU_INSN_H      /* the real one has the instructions */
static uint64_t insn_rdtsc(void);
static void insn_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
static uint8_t insn_inb(uint16_t port);
static uint32_t insn_inl(uint16_t port);
static void insn_outb(uint16_t port, uint8_t value);

#include "irq/calibrate.c"
#include "irq/reference.c"

#define PM_PORT 0x608
#define HPET_AT 0xFED00000u
#define MS 1000000ull           /* in ns */
#define ACCESS_NS 900           /* a device's register; a TSC takes a thirtieth of that */
#define NEVER UINT64_MAX

static struct machine {
    uint64_t now_ns, tsc_hertz, apic_hertz;
    uint64_t apic_started_ns;
    uint32_t pm_start, pm_mask;
    uint64_t pm_stands_at_ns;   /* from then on it counts no more */
    bool pit_counts, pit_high;
    uint32_t pit_latch;
    uint64_t smi_at_ns, smi_ns; /* at the first access after at: a gap */
    unsigned accesses;
    uint32_t leaf15[4], leaf16[4], max_leaf;
} machine;
static uint32_t hpet_registers[0x100];

static void pass(uint64_t ns)
{
    machine.now_ns += ns;
    machine.accesses++;
    if (machine.now_ns >= machine.smi_at_ns) {
        machine.now_ns += machine.smi_ns;
        machine.smi_at_ns = NEVER;
    }
}

static uint64_t ticks(uint64_t hertz, uint64_t ns)
{
    return (uint64_t)((unsigned __int128)hertz * ns / (1000 * MS));
}

static uint64_t insn_rdtsc(void)
{
    pass(ACCESS_NS / 30);
    return 5000000000u + ticks(machine.tsc_hertz, machine.now_ns);
}

static void insn_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    assert_int_equal(subleaf, 0);
    assert_true(leaf <= machine.max_leaf);
    static const uint32_t none[4];
    memcpy(out, leaf == 0x15 ? machine.leaf15 : leaf == 0x16 ? machine.leaf16 : none, sizeof(none));
    if (leaf == 0)
        out[0] = machine.max_leaf;
}

static uint32_t insn_inl(uint16_t port)
{
    assert_int_equal(port, PM_PORT);
    pass(ACCESS_NS);
    uint64_t ns = machine.now_ns < machine.pm_stands_at_ns ? machine.now_ns : machine.pm_stands_at_ns;
    uint32_t noise = machine.pm_mask == 0xFFFFFF ? 0xAB000000 : 0;      /* the unused bits are reserved, not zero */
    return ((machine.pm_start + (uint32_t)ticks(PM_TIMER_HERTZ, ns)) & machine.pm_mask) | noise;
}

static void insn_outb(uint16_t port, uint8_t value)
{
    pass(ACCESS_NS);
    if (port == PIT_COMMAND && value == PIT_LATCH_CHANNEL2)
        machine.pit_latch = machine.pit_counts ? 0u - (uint32_t)ticks(PIT_HERTZ, machine.now_ns) : 0x1234;
}

static uint8_t insn_inb(uint16_t port)
{
    pass(ACCESS_NS);
    if (port != PIT_CHANNEL2)
        return 0xFF;
    machine.pit_high = !machine.pit_high;
    return (uint8_t)(machine.pit_high ? machine.pit_latch : machine.pit_latch >> 8);
}

void apic_timer_start(uint32_t count)
{
    assert_true(count == 0 || count == COUNT_MAX);
    pass(ACCESS_NS / 30);
    machine.apic_started_ns = machine.now_ns;
}

uint32_t apic_timer_left(void)
{
    pass(ACCESS_NS / 30);
    return COUNT_MAX - (uint32_t)ticks(machine.apic_hertz, machine.now_ns - machine.apic_started_ns);
}

static void *map_hpet(uint64_t physical, uint64_t bytes)
{
    assert_int_equal(physical, HPET_AT);
    assert_true(bytes <= sizeof(hpet_registers));
    return hpet_registers;
}

static int begin(void **state)
{
    (void)state;
    machine = (struct machine){ .tsc_hertz = 2400000000u, .apic_hertz = 25000000, .pm_mask = 0xFFFFFFFF,
                                .pm_stands_at_ns = NEVER, .pit_counts = true, .smi_at_ns = NEVER, .max_leaf = 0xD };
    memset(hpet_registers, 0, sizeof(hpet_registers));
    return 0;
}

static const struct acpi_facts pm_32 = { .pm_timer_port = PM_PORT, .pm_timer_32bit = true };
static const struct acpi_facts pm_24 = { .pm_timer_port = PM_PORT };
static const struct acpi_facts pit_only;

static void assert_near(uint64_t value, uint64_t wanted)
{
    assert_in_range(value, wanted - wanted / 500, wanted + wanted / 500);
}

/* With what was found, the right rates come out, in time. */
static void assert_calibrates(const struct acpi_facts *facts, const char *source)
{
    uint64_t start_ns = machine.now_ns;
    struct reference reference = reference_find(facts, map_hpet);
    struct calibration found = calibrate(&reference, true);
    assert_string_equal(found.source, source);
    assert_near(found.tsc_hertz, machine.tsc_hertz);
    assert_near(found.apic_hertz, machine.apic_hertz);
    assert_true(machine.now_ns - start_ns <= 10 * MS || machine.smi_ns != 0);
}

static void every_rate_by_every_reference(void **state)
{
    (void)state;
    static const uint64_t rates[] = { 1000000000, 2400000000, 6000000000 };
    for (unsigned i = 0; i < 3; i++) {
        begin(NULL);
        machine.tsc_hertz = rates[i];
        machine.apic_hertz = rates[i] / 10;
        assert_calibrates(&pm_32, "ACPI PM timer");
        assert_calibrates(&pit_only, "PIT");
    }
}

/* It comes around in each run, at 24 bits with noise above them, and at 32. */
static void a_pm_timer_that_wraps(void **state)
{
    (void)state;
    for (uint32_t before = 1; before < 20000; before += 300) {
        begin(NULL);
        machine.pm_start = 0u - before;
        assert_calibrates(&pm_32, "ACPI PM timer");
        begin(NULL);
        machine.pm_mask = 0xFFFFFF;
        machine.pm_start = 0x1000000u - before;
        assert_calibrates(&pm_24, "ACPI PM timer");
    }
}

/* In whichever run and place it falls, and so long that the PIT's 16 bits come around: another run counts. */
static void an_smi_in_one_run(void **state)
{
    (void)state;
    static const uint64_t lengths_ns[] = { MS / 10, 3 * MS, 54 * MS, 56 * MS, 110 * MS };
    for (unsigned i = 0; i < 5; i++)
        for (uint64_t at_ns = 0; at_ns < 6 * MS; at_ns += 37000) {
            begin(NULL);
            machine.smi_ns = lengths_ns[i];
            machine.smi_at_ns = at_ns;
            assert_calibrates(&pit_only, "PIT");
            machine.smi_at_ns = machine.now_ns + at_ns;
            assert_calibrates(&pm_32, "ACPI PM timer");
        }
}

/* What a table promises may be switched off: the next one is asked. An HPET of 1 GHz, made of memory, never counts. */
static void a_reference_that_stands_still_is_left(void **state)
{
    (void)state;
    static const struct acpi_facts all = { .hpet = HPET_AT, .pm_timer_port = PM_PORT, .pm_timer_32bit = true };
    hpet_registers[HPET_PERIOD_FS / 4] = HPET_PERIOD_MIN_FS;
    hpet_registers[HPET_CONFIGURATION / 4] = 0xA0000006;    /* as a firmware left it: legacy replacement */
    assert_calibrates(&all, "ACPI PM timer");
    assert_int_equal(hpet_registers[HPET_CONFIGURATION / 4], 0xA0000005);
    machine.pm_stands_at_ns = 0;
    assert_calibrates(&all, "PIT");
    machine.pit_counts = false;
    uint64_t start_ns = machine.now_ns;
    assert_int_equal(reference_find(&all, map_hpet).hertz, 0);
    assert_true(machine.now_ns - start_ns <= 1 * MS);
    static const uint32_t nonsense_fs[] = { 0, 1, HPET_PERIOD_MAX_FS + 1, 0xFFFFFFFF };
    for (unsigned i = 0; i < 4; i++) {
        hpet_registers[HPET_PERIOD_FS / 4] = nonsense_fs[i];
        hpet_registers[HPET_CONFIGURATION / 4] = 0;
        assert_int_equal(reference_find(&all, map_hpet).hertz, 0);
        assert_int_equal(hpet_registers[HPET_CONFIGURATION / 4], 0);
    }
}

/* With no reference, or one that stops later: CPUID's word or 1 GHz, the local APIC in proportion, and never a hang. */
static void without_a_reference(void **state)
{
    (void)state;
    static const struct reference none, late = { "late", read_pm, 0xFFFFFFFF, PM_TIMER_HERTZ };
    for (unsigned stops = 0; stops < 2; stops++) {
        begin(NULL);
        machine.tsc_hertz = 1000000000;
        machine.pm_stands_at_ns = 0;
        pm_port = PM_PORT;
        struct calibration found = calibrate(stops ? &late : &none, true);
        assert_string_equal(found.source, "assumption");
        assert_int_equal(found.tsc_hertz, 1000000000);
        assert_near(found.apic_hertz, machine.apic_hertz);
        assert_true(machine.now_ns < 11 * MS);
        assert_int_equal(calibrate(&none, false).apic_hertz, 0);
        machine.max_leaf = 0x16;
        machine.leaf16[0] = 0xABCD0000 | 1100;
        assert_string_equal(calibrate(&none, true).source, "CPUID 16h");
        assert_int_equal(calibrate(&none, true).tsc_hertz, 1100000000);
    }
    machine.apic_hertz = 0;
    assert_int_equal(calibrate(&none, true).apic_hertz, 0);
}

/* Leaf 15h is exact where it agrees with what was measured; a wrong crystal, or one not told, is not believed. */
static void cpuid_is_checked(void **state)
{
    (void)state;
    static const struct { uint32_t leaf15[3]; const char *source; } cases[] = {
        { { 2, 200, 24000000 }, "CPUID 15h" }, { { 2, 200, 25000000 }, "ACPI PM timer" },
        { { 2, 200, 0 }, "ACPI PM timer" }, { { 0, 200, 24000000 }, "ACPI PM timer" },
        { { 2, 0, 24000000 }, "ACPI PM timer" },
    };
    for (unsigned i = 0; i < 5; i++) {
        begin(NULL);
        machine.max_leaf = 0x16;
        memcpy(machine.leaf15, cases[i].leaf15, sizeof(cases[i].leaf15));
        machine.leaf16[0] = 2400;
        assert_calibrates(&pm_32, cases[i].source);
    }
    static const struct reference none;
    memcpy(machine.leaf15, cases[0].leaf15, sizeof(cases[0].leaf15));
    assert_string_equal(calibrate(&none, true).source, "CPUID 15h");
    memcpy(machine.leaf15, cases[1].leaf15, sizeof(cases[1].leaf15));
    assert_string_equal(calibrate(&none, true).source, "CPUID 16h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_rate_by_every_reference, begin),
        cmocka_unit_test_setup(a_pm_timer_that_wraps, begin),
        cmocka_unit_test_setup(an_smi_in_one_run, begin),
        cmocka_unit_test_setup(a_reference_that_stands_still_is_left, begin),
        cmocka_unit_test_setup(without_a_reference, begin),
        cmocka_unit_test_setup(cpuid_is_checked, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
