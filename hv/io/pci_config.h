/*
 * pci_config.h - the configuration space of PCI functions: by ports, and by memory where ports do not lead.
 *
 * A place is 32 bits: the way in bits 24 to 30, bus in 16 to 23, device 11 to 15, function 8 to 10, offset of a double
 * word below. Way 0 is the ports 0xCF8 and 0xCFC (PCI Local Bus Specification 3.0, 3.2.2.3.2), which lead to segment 0
 * and are the chipset's own word. The others are windows of memory (PCI Firmware Specification 3.0, "MCFG Table";
 * ACPI calls the mechanism ECAM), which is the firmware's: they serve what the ports cannot.
 */
#ifndef IO_PCI_CONFIG_H
#define IO_PCI_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_WINDOWS_MAX 8
#define PCI_WAY_SHIFT 24
#define PCI_BUS_SHIFT 16
#define PCI_DEVICE_SHIFT 11
#define PCI_FUNCTION_SHIFT 8
#define PCI_BUS_BYTES 0x100000ull       /* of a window, for one bus */

#define PCI_REG_COMMAND 0x04            /* Status is the upper half, and its bits are cleared by writing ones */
#define PCI_COMMAND_MASK 0xFFFFu
#define PCI_COMMAND_BUS_MASTER (1u << 2)

/* registers: of the first bus, as mapped now, or NULL: then everything reads as if nobody were there. */
struct pci_window {
    uint64_t physical;                  /* of the first bus */
    volatile void *registers;
    uint16_t segment;
    uint8_t first_bus, last_bus;
};

/* Forget all windows. True: the ports answer. */
bool pci_config_begin(void);

/* The way of a new window; 0: there are too many. */
unsigned pci_config_add(const struct pci_window *window);
/* The window of a way, NULL: there is none, as for 0. */
struct pci_window *pci_config_window(unsigned way);

uint32_t pci_config_read(uint32_t place);
void pci_config_write(uint32_t place, uint32_t value);

#endif
