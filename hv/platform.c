/*
 * platform.c - join ACPI, firmware, page tables and power, which are siblings and do not know each other.
 */
#include "platform.h"

#include <stddef.h>

#include "base/addr.h"
#include "cpu/insn.h"
#include "io/power.h"
#include "io/ps2.h"
#include "io/usb/usb.h"
#include "irq/acpi.h"
#include "irq/irq.h"
#include "irq/timer.h"
#include "pagetable/hvmap.h"

#define FADT_BOOT_8042 0x0002   /* IAPC_BOOT_ARCH, ACPI specification "IA-PC Boot Architecture Flags" */

/* UEFI specification "ResetSystem()". */
#define EFI_RESET_COLD 0
#define EFI_RESET_SHUTDOWN 2
typedef void (*efi_reset_system)(uint32_t type, uint64_t status, uint64_t size, const void *data)
    __attribute__((ms_abi));

static const struct boot_info *boot;

/* ACPI tables, if firmware tells the truth, lie in ranges that the direct map shows. */
static const void *map_table(uint64_t physical, uint64_t bytes)
{
    const struct boot_range *ranges = hpa_to_ptr(HPA(boot->ranges));
    for (uint64_t i = 0; i < boot->range_count; i++)
        if (physical >= ranges[i].base && physical - ranges[i].base <= ranges[i].length &&
            bytes <= ranges[i].length - (physical - ranges[i].base))
            return hpa_to_ptr(HPA(physical));
    /* Some firmware keeps them in reserved memory. */
    return physical != 0 ? hvmap_device(physical, bytes, HVMAP_UNCACHED) : NULL;
}

static void *map_device(uint64_t physical, uint64_t bytes)
{
    return hvmap_device(physical, bytes, HVMAP_UNCACHED);
}

/* The firmware's own way, in physical mode: it wants to see all memory where it is. */
static void efi_reset(bool power_off)
{
    hpa_t root = boot->reset_system ? hvmap_identity_root() : HPA_NONE;
    if (!root.v)
        return;
    uint64_t before = insn_read_cr3();
    insn_write_cr3(root.v);
    ((efi_reset_system)boot->reset_system)(power_off ? EFI_RESET_SHUTDOWN : EFI_RESET_COLD, 0, 0, NULL);
    insn_write_cr3(before);
}

void platform_init(const struct boot_info *info)
{
    boot = info;
    irq_init(&(struct irq_platform){ .rsdp = info->rsdp, .map_table = map_table, .map_device = map_device });
    const struct acpi_facts *facts = irq_acpi_facts();
    bool have_8042 = facts->boot_flags & FADT_BOOT_8042;
    power_init(&(struct power_platform){
        .efi_reset = efi_reset,
        .pm1a_control = facts->pm1a_control,
        .pm1b_control = facts->pm1b_control,
        .sleep_type_a = facts->sleep_type_a,
        .sleep_type_b = facts->sleep_type_b,
        .have_s5 = facts->have_s5,
        .have_reset_register = facts->have_reset_register,
        .reset_port = facts->reset_port,
        .reset_value = facts->reset_value,
        .have_8042 = have_8042,
    });
    if (!have_8042)
        ps2_set_absent();
}

void platform_init_usb(bool have_ps2)
{
    usb_init(&(struct usb_platform){ .map = map_device, .have_ps2 = have_ps2 }, timer_now_ns());
}
