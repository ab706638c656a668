/*
 * test_timer.c - which interrupt is the alarm: local APIC, PIT by IOAPIC, PIT by 8259 and LINT0, or plainly none.
 *
 * irq.c, timer.c and pic.c are compiled in here with port I/O that goes to a model; local APIC and IOAPIC are fakes.
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
static void insn_outb(uint16_t port, uint8_t value);
#include "fake_acpi.h"
#include "irq/timer.c"

#include "irq/irq.c"
#include "irq/tsc_watch.c"
#include "irq/pic.c"

#define LINT0 0x350
#define TIMER_COUNT 0x380
#define EOI 0xB0

static uint64_t tsc, apic_hertz;
static bool apic_there, pit_there;
static uint32_t local_apic[0x400], ioapic_window[8];
static uint8_t pic_mask;
static unsigned pic_eois, apic_eois, errors;
static uint16_t pit_count;
static unsigned pit_bytes;              /* of a count, written or read */
static uint8_t pit_mode;

static uint64_t insn_rdtsc(void)
{
    return tsc += 10;
}

static void insn_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)subleaf;
    out[0] = leaf == CPUID_EXTENDED ? CPUID_ADDRESS_SIZES : 40;
    out[1] = out[2] = 0;
    out[3] = 0xFFFFFFFF;                        /* an invariant TSC: not watched */
}

static uint8_t insn_inb(uint16_t port)
{
    assert_int_equal(port, PIT_CHANNEL0);
    if (!pit_there)
        return 0xFF;
    pit_count = (uint16_t)(pit_count - (pit_bytes & 1));
    return (uint8_t)(pit_bytes++ & 1 ? pit_count >> 8 : pit_count);
}

static void insn_outb(uint16_t port, uint8_t value)
{
    if (port == PIC1_DATA)
        pic_mask = value;
    if (port == PIC1_COMMAND && value == OCW2_EOI)
        pic_eois++;
    if (port == PIT_COMMAND) {
        pit_bytes = 0;
        pit_mode = value ? value : pit_mode;
    }
    if (port == PIT_CHANNEL0)
        pit_count = (uint16_t)(pit_bytes++ & 1 ? (pit_count & 0xFF) | value << 8 : value);
}

static uint32_t read_local(unsigned reg)
{
    return reg == 0x30 ? 6u << 16 : local_apic[reg];
}

static void write_local(unsigned reg, uint32_t value)
{
    local_apic[reg] = value;
    apic_eois += reg == EOI;
}

static const struct apic_ops local_ops = { read_local, write_local, 24, local_apic };

const struct apic_ops *apic_access_find(void *(*map)(uint64_t physical, uint64_t bytes))
{
    (void)map;
    return apic_there ? &local_ops : NULL;
}

struct reference reference_find(const struct acpi_facts *found, void *(*map)(uint64_t physical, uint64_t bytes))
{
    (void)found;
    assert_null(map(1ull << 40, 1));            /* more than the processor has */
    assert_null(map((1ull << 40) - 4, 5));
    return (struct reference){ 0 };
}

struct calibration calibrate(const struct reference *reference, bool with_apic)
{
    assert_int_equal(reference->hertz, 0);
    assert_true(with_apic == apic_there);
    return (struct calibration){ 1000000000, with_apic ? apic_hertz : 0, "test" };
}

void log_write(enum log_level level, const char *format, ...)
{
    (void)format;
    errors += level == LOG_ERROR;
}

/* Only the one at 0xFEC00000 of fake_acpi's two. */
static void *map_window(uint64_t physical, uint64_t bytes)
{
    assert_true(bytes <= sizeof(ioapic_window) && physical + bytes <= 1ull << 40);
    return physical == 0xFEC00000 ? ioapic_window : NULL;
}

/* A MADT as it is on a PC: the PIT is wired to input 2. */
static void begin(bool override)
{
    fake_acpi_build();
    if (override)
        fake_acpi_override(0, 2, 0);
    memset(local_apic, 0, sizeof(local_apic));
    memset(ioapic_window, 0, sizeof(ioapic_window));
    ioapic_window[4] = 0x00170011;
    pic_mask = 0;
    pic_eois = apic_eois = errors = 0;
    timer_by_pic = false;
    irq_read_acpi(FAKE_RSDP, fake_acpi_map);
    irq_init(map_window);
    pic_eois = apic_eois = 0;
}

static void assert_alarm_in_10_us_by_pit(void)
{
    timer_set_alarm(timer_now_ns() + 10000);
    assert_int_equal(pit_mode, PIT_CHANNEL0_ONE_SHOT);
    assert_in_range(pit_count, 11, 12);
    timer_set_alarm(UINT64_MAX);                /* far away comes early */
    assert_int_equal(pit_count, 0xFFFF);
    assert_int_equal(local_apic[TIMER_COUNT], 0);
}

static void the_local_apics_own_timer(void **state)
{
    (void)state;
    apic_there = pit_there = true;
    apic_hertz = 100000000;
    begin(true);
    timer_set_alarm(timer_now_ns() + 10000);
    assert_in_range(local_apic[TIMER_COUNT], 990, 1000);
    timer_set_alarm(UINT64_MAX);
    assert_true(local_apic[TIMER_COUNT] > 1000000000);
    apic_hertz = 4000000000;
    begin(true);
    timer_set_alarm((1ull << 62) + 1000000);  /* times four is little in 64 bits */
    assert_int_equal(local_apic[TIMER_COUNT], 0xFFFFFFFF);
    assert_int_equal(pic_mask, 0xFF);
    assert_int_equal(local_apic[LINT0], 0x10000);
    assert_true(irq_acknowledge(VECTOR_TIMER));
    assert_false(irq_acknowledge(VECTOR_PIC_BASE));
    assert_int_equal(apic_eois, 1);
    assert_int_equal(pic_eois + errors, 0);
}

static void no_rate_but_a_place_at_the_ioapic(void **state)
{
    (void)state;
    apic_there = pit_there = true;
    apic_hertz = 0;
    begin(true);
    assert_alarm_in_10_us_by_pit();
    assert_int_equal(ioapic_window[0], 0x10 + 2 * 2);
    assert_int_equal(ioapic_window[4], VECTOR_TIMER);
    assert_int_equal(pic_mask, 0xFF);           /* else it would come twice */
    assert_int_equal(local_apic[LINT0], 0x10000);
    assert_true(irq_acknowledge(VECTOR_TIMER));
    assert_int_equal(apic_eois, 1);
    assert_int_equal(pic_eois + errors, 0);
}

static void no_rate_and_only_the_8259(void **state)
{
    (void)state;
    apic_there = pit_there = true;
    apic_hertz = 0;
    begin(false);
    assert_alarm_in_10_us_by_pit();
    assert_int_equal(ioapic_window[4], 1u << 16);       /* all masked */
    assert_int_equal(pic_mask, 0xFE);
    assert_int_equal(local_apic[LINT0], 0x700);
    assert_true(irq_acknowledge(VECTOR_PIC_BASE));
    assert_int_equal(pic_eois, 1);
    assert_false(irq_acknowledge(VECTOR_PIC_BASE + 7));     /* spurious */
    assert_int_equal(pic_eois, 1);
    assert_int_equal(apic_eois + errors, 0);
}

static void no_local_apic(void **state)
{
    (void)state;
    apic_there = false;
    pit_there = true;
    begin(true);
    assert_alarm_in_10_us_by_pit();
    assert_int_equal(pic_mask, 0xFE);
    assert_true(irq_acknowledge(VECTOR_PIC_BASE));
    assert_int_equal(pic_eois, 1);
    assert_false(irq_acknowledge(VECTOR_TIMER));
    assert_int_equal(apic_eois + errors, 0);
}

static void no_timer_at_all_is_said(void **state)
{
    (void)state;
    apic_there = true;
    pit_there = false;
    apic_hertz = 0;
    begin(true);
    assert_int_equal(errors, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_local_apics_own_timer),
        cmocka_unit_test(no_rate_but_a_place_at_the_ioapic),
        cmocka_unit_test(no_rate_and_only_the_8259),
        cmocka_unit_test(no_local_apic),
        cmocka_unit_test(no_timer_at_all_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
