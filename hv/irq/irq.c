/*
 * irq.c - bring up interrupt controllers and clock in the order that lets nothing slip through.
 */
#include "irq/irq.h"

#include "base/log.h"
#include "irq/acpi.h"
#include "irq/apic.h"
#include "irq/ioapic.h"
#include "irq/pic.h"
#include "irq/reference.h"
#include "irq/timer.h"

#define VECTOR_APIC_SPURIOUS 0xFF

static struct acpi_facts facts;
static bool have_apic;

void irq_init(const struct irq_platform *platform)
{
    acpi_read(&facts, platform->rsdp, platform->map_table);
    if (!facts.have_madt)
        log_warn("no ACPI interrupt table (MADT): keyboard and serial line are polled");
    pic_init(IRQ_VECTOR_PIC_BASE);
    have_apic = apic_init(IRQ_VECTOR_TIMER, platform->map_device);
    if (!have_apic)
        log_warn("no local APIC: the PIT keeps time");
    ioapic_init(&facts, platform->map_device);
    struct reference reference = reference_find(&facts, platform->map_device);
    timer_init(&reference, have_apic);
}

const struct acpi_facts *irq_acpi_facts(void)
{
    return &facts;
}

bool irq_route_isa(unsigned isa_irq, uint8_t vector)
{
    return have_apic && isa_irq < ACPI_ISA_IRQS && ioapic_route(&facts.isa[isa_irq], vector, apic_id());
}

bool irq_acknowledge(uint8_t vector)
{
    if (!have_apic) {
        pic_eoi();
        return vector == IRQ_VECTOR_PIC_BASE;
    }
    if (vector == VECTOR_APIC_SPURIOUS || vector >= IRQ_VECTOR_PIC_BASE)
        return false;   /* spurious: no EOI, SDM vol. 3 "Spurious Interrupt" */
    apic_eoi();
    return vector <= IRQ_VECTOR_SERIAL;
}
