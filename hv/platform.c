/*
 * platform.c - join ACPI, firmware, PCI, page tables and power, which are siblings and do not know each other.
 */
#include "platform.h"

#include <stddef.h>

#include "base/addr.h"
#include "base/log.h"
#include "cpu/insn.h"
#include "io/pci.h"
#include "io/pci_function.h"
#include "io/power.h"
#include "io/ps2.h"
#include "io/serial.h"
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

#define LOW_4GIB 0x100000000ull

static const struct boot_info *boot;
static bool tables_beyond;      /* an ACPI table lies where the loader's page tables do not lead */

/* The direct map of the loader has all below the end of the last range, and 4 GiB at least. NULL: not there. */
static void *map_early(uint64_t physical, uint64_t bytes)
{
    const struct boot_range *ranges = hpa_to_ptr(HPA(boot->ranges));
    const struct boot_range *last = &ranges[boot->range_count - 1];
    uint64_t top = boot->range_count != 0 ? last->base + last->length : 0;

    top = top < LOW_4GIB ? LOW_4GIB : top;
    return physical < top && bytes <= top - physical ? hpa_to_ptr(HPA(physical)) : NULL;
}

static const void *map_table_early(uint64_t physical, uint64_t bytes)
{
    const void *table = map_early(physical, bytes);

    tables_beyond |= !table;
    return table;
}

/* A table that lies must not have us take memory for PCI registers. */
static bool is_no_memory(uint64_t physical, uint64_t bytes)
{
    const struct boot_range *ranges = hpa_to_ptr(HPA(boot->ranges));

    for (uint64_t i = 0; i < boot->range_count; i++)
        if (physical < ranges[i].base + ranges[i].length && ranges[i].base < physical + bytes)
            return false;
    return physical % PCI_BUS_BYTES == 0 && irq_is_physical(physical, bytes);
}

void platform_silence(const struct boot_info *info)
{
    const struct acpi_facts *facts = irq_acpi_facts();
    struct pci_window windows[ACPI_ECAMS_MAX];
    unsigned count = 0;

    boot = info;
    /* Before there are page tables of our own: PCI must be silenced first, and MCFG says where more of it is. */
    irq_read_acpi(info->rsdp, map_table_early);
    for (unsigned i = 0; i < facts->ecam_count; i++) {
        const struct acpi_ecam *ecam = &facts->ecams[i];
        uint64_t first = ecam->address + ecam->first_bus * PCI_BUS_BYTES;
        uint64_t bytes = (ecam->last_bus - ecam->first_bus + 1) * PCI_BUS_BYTES;
        if (ecam->first_bus <= ecam->last_bus && is_no_memory(first, bytes))
            windows[count++] = (struct pci_window){ first, map_early(first, bytes), ecam->segment, ecam->first_bus,
                                                    ecam->last_bus };
    }
    pci_silence(&(struct pci_machine){
        .windows = windows, .window_count = count,
        .is_one_host_bridge = !tables_beyond && facts->pci_ids <= 1 && facts->pcie_ids <= 1 &&
                              facts->pci_ids + facts->pcie_ids != 0,
    });
}

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
    if (tables_beyond)
        irq_read_acpi(info->rsdp, map_table);
    pci_map_windows(map_device);
    irq_init(map_device);
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

/* A card may have several UARTs, a base address register each. */
static bool find_serial_on(const struct pci_function *card)
{
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (serial_init_at(pci_port(card->place, i)))
            return true;
    return false;
}

static void find_serial_card(uint16_t class)
{
    const struct pci_function *card;
    char name[PCI_NAME_BYTES];

    for (unsigned i = 0; !serial_present() && (card = pci_find(class, i)) != NULL; i++) {
        pci_name(card->place, name);
        if (find_serial_on(card))
            log_info("serial: PCI card %s, port %#x, polled", name, serial_port());
        else
            log_warn("serial: PCI card %s has no UART at an I/O port, and is not supported", name);
    }
}

void platform_find_serial(void)
{
    serial_init_at(irq_acpi_facts()->serial_port);
    find_serial_card(PCI_CLASS_SERIAL);
    find_serial_card(PCI_CLASS_MULTIPORT);
    if (!serial_present() && irq_acpi_facts()->serial_is_other)
        log_warn("serial: the firmware's UART is in memory or no 16550 (ACPI SPCR), and is not supported");
}
