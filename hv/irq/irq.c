/*
 * irq.c - bring up interrupt controllers and clock in the order that lets nothing slip through.
 *
 * First the 8259 is moved and masked: its power-on vectors are those of exceptions. Then the local APIC, whose spurious
 * vector must be ours; then the I/O APICs, all entries masked; last the timer, which needs them. Lines are opened one
 * by one when their device is ready to be heard (irq_route_isa).
 */
#include "irq/irq.h"

#include <stddef.h>

#include "base/log.h"
#include "cpu/insn.h"
#include "irq/acpi.h"
#include "irq/apic.h"
#include "irq/apic_access.h"
#include "irq/ioapic.h"
#include "irq/pic.h"
#include "irq/reference.h"
#include "irq/timer.h"
#include "irq/tsc_watch.h"

#define CPUID_EXTENDED 0x80000000u          /* SDM vol. 2 "CPUID": the highest extended leaf */
#define CPUID_ADDRESS_SIZES 0x80000008u
#define ADDRESS_BITS_DEFAULT 36
#define ADDRESS_BITS_MAX 52

static struct acpi_facts facts;
static const void *(*map_any_table)(uint64_t physical, uint64_t bytes);
static void *(*map_any_device)(uint64_t physical, uint64_t bytes);
static bool have_apic;
static bool timer_by_pic;
bool irq_input_came;

static unsigned physical_address_bits(void)
{
    uint32_t out[4];
    insn_cpuid(CPUID_EXTENDED, 0, out);
    if (out[0] < CPUID_ADDRESS_SIZES)
        return ADDRESS_BITS_DEFAULT;
    insn_cpuid(CPUID_ADDRESS_SIZES, 0, out);
    return (out[0] & 0xFF) < ADDRESS_BITS_MAX ? out[0] & 0xFF : ADDRESS_BITS_MAX;
}

bool irq_is_physical(uint64_t physical, uint64_t bytes)
{
    uint64_t top = 1ull << physical_address_bits();
    return physical != 0 && physical < top && bytes <= top - physical;
}

static const void *map_table(uint64_t physical, uint64_t bytes)
{
    return irq_is_physical(physical, bytes) ? map_any_table(physical, bytes) : NULL;
}

static void *map_device(uint64_t physical, uint64_t bytes)
{
    return irq_is_physical(physical, bytes) ? map_any_device(physical, bytes) : NULL;
}

/*
 * The PIT is the alarm. Its place at the IOAPIC is known where the MADT names it; where it does not, firmware may have
 * wired only the 8259 to it, which the local APIC then has to let through.
 */
static void route_pit(void)
{
    bool place_known = facts.isa[0].gsi != 0 || !facts.have_8259;
    if (place_known && irq_route_isa(0, VECTOR_TIMER))
        return;
    timer_by_pic = true;
    if (have_apic)
        apic_let_pic_through();
    pic_unmask_timer();
}

void irq_read_acpi(uint64_t rsdp, const void *(*map)(uint64_t physical, uint64_t bytes))
{
    map_any_table = map;
    acpi_read(&facts, rsdp, map_table);
}

void irq_init(void *(*map)(uint64_t physical, uint64_t bytes))
{
    map_any_device = map;
    if (!facts.have_madt)
        log_warn("no ACPI interrupt table (MADT): keyboard and serial line are polled");
    pic_init(VECTOR_PIC_BASE);
    const struct apic_ops *apic = apic_access_find(map_device);
    have_apic = apic != NULL;
    if (apic)
        apic_init(apic, VECTOR_TIMER);
    else
        log_warn("no local APIC: the PIT is the alarm");
    ioapic_init(&facts, map_device);
    struct reference reference = reference_find(&facts, map_device);
    if (!timer_init(&reference, have_apic))
        route_pit();
    tsc_watch_begin(&reference);
}

const struct acpi_facts *irq_acpi_facts(void)
{
    return &facts;
}

const char *irq_apic_mode(void)
{
    return !have_apic ? "no local APIC" : apic_memory() ? "xAPIC" : "x2APIC";
}

bool irq_route_isa(unsigned isa_irq, uint8_t vector)
{
    return have_apic && isa_irq < ACPI_ISA_IRQS && ioapic_route(&facts.isa[isa_irq], vector, apic_id());
}

bool irq_acknowledge(uint8_t vector)
{
    if (timer_by_pic && vector == VECTOR_PIC_BASE) {
        pic_eoi();
        return true;
    }
    if (!have_apic || vector >= VECTOR_PIC_BASE)
        return false;   /* spurious, the APIC's own among them: no EOI, SDM vol. 3 "Spurious Interrupt" */
    apic_eoi();
    irq_input_came |= vector == VECTOR_KEYBOARD || vector == VECTOR_SERIAL;
    return vector >= VECTOR_TIMER && vector <= VECTOR_SERIAL;
}
