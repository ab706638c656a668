/*
 * acpi.h - the few facts Cobble wants from ACPI's tables (PURE; tables come through a callback and are never trusted).
 */
#ifndef IRQ_ACPI_H
#define IRQ_ACPI_H

#include <stdbool.h>
#include <stdint.h>

#define ACPI_IOAPICS_MAX 8
#define ACPI_ISA_IRQS 16
#define ACPI_ECAMS_MAX 8

/* ACPI specification "I/O APIC Structure". */
struct acpi_ioapic {
    uint32_t address;           /* physical */
    uint32_t gsi_base;
};

/* Where an ISA interrupt arrives: "Interrupt Source Override Structure", bus default (edge, high) decoded. */
struct acpi_isa_route {
    uint32_t gsi;
    bool active_low;
    bool level;
};

/* PCI configuration space in memory: PCI Firmware Specification 3.0, "MCFG Table". */
struct acpi_ecam {
    uint64_t address;           /* physical, of bus 0 even where the first bus is another */
    uint16_t segment;
    uint8_t first_bus, last_bus;
};

struct acpi_facts {
    bool have_madt;
    bool have_8259;             /* MADT PCAT_COMPAT: mask it before the APIC is used */
    uint64_t local_apic;        /* physical; 0: none */
    unsigned ioapic_count;
    struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
    struct acpi_isa_route isa[ACPI_ISA_IRQS];   /* identity unless overridden */
    uint64_t hpet;              /* physical; 0: none */
    uint16_t pm_timer_port;     /* 0: none */
    bool pm_timer_32bit;
    uint16_t boot_flags;        /* FADT IAPC_BOOT_ARCH; bit 1: 8042 present. 0xFFFF when there is no FADT */
    uint32_t pm1a_control, pm1b_control;        /* ports; 0: none */
    bool have_s5;
    uint8_t sleep_type_a, sleep_type_b;
    bool have_reset_register;
    uint16_t reset_port;
    uint8_t reset_value;
    unsigned ecam_count;
    struct acpi_ecam ecams[ACPI_ECAMS_MAX];
    unsigned pci_ids, pcie_ids; /* times that AML says PNP0A03 and PNP0A08: a host bridge says either, or both */
    uint16_t serial_port;       /* SPCR: the 16550 the firmware prints to, in I/O space; 0: none */
    bool serial_is_other;       /* SPCR: it prints to a UART in memory, or to one that is no 16550 */
};

/*
 * Read what there is. map gives the bytes of a physical range, or NULL when they are not there; rsdp 0 means no ACPI.
 * What is missing, truncated or has a bad checksum is as if absent. ACPI specification "System Description Tables".
 */
void acpi_read(struct acpi_facts *facts, uint64_t rsdp, const void *(*map)(uint64_t physical, uint64_t bytes));

#endif
