/*
 * irq.c - bring up interrupt controllers and clock in the order that lets nothing slip through.
 */
#include "irq/irq.h"

#include <stddef.h>

#include "base/log.h"
#include "irq/acpi.h"
#include "irq/apic.h"
#include "irq/apic_access.h"
#include "irq/ioapic.h"
#include "irq/pic.h"
#include "irq/reference.h"
#include "irq/timer.h"

static struct acpi_facts facts;
static bool have_apic;

void irq_init(const struct irq_platform *platform)
{
    acpi_read(&facts, platform->rsdp, platform->map_table);
    if (!facts.have_madt)
        log_warn("no ACPI interrupt table (MADT): keyboard and serial line are polled");
    pic_init(IRQ_VECTOR_PIC_BASE);
    const struct apic_ops *apic = apic_access_find(platform->map_device);
    have_apic = apic != NULL;
    if (apic)
        apic_init(apic, IRQ_VECTOR_TIMER);
    else
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
        if (vector == IRQ_VECTOR_PIC_BASE)
            pic_eoi();
        return vector == IRQ_VECTOR_PIC_BASE;
    }
    if (vector >= IRQ_VECTOR_PIC_BASE)
        return false;   /* spurious, the APIC's own among them: no EOI, SDM vol. 3 "Spurious Interrupt" */
    apic_eoi();
    return vector >= IRQ_VECTOR_TIMER && vector <= IRQ_VECTOR_SERIAL;
}
