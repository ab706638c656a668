/*
 * pci.h - what firmware's drivers left running on the PCI bus, stopped before their memory serves another purpose.
 *
 * UEFI wants every driver to stop its device when ExitBootServices is called, and not all do. A network card that still
 * receives would write into memory that is ours by now, and a message-signalled interrupt at 0xDE would look like a
 * hypercall. Cobble itself drives xHCI controllers only.
 */
#ifndef IO_PCI_H
#define IO_PCI_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Once at boot, before the first free memory is used: bus mastering off in every function but bridges, displays and
 * USB host controllers, message-signalled interrupts (MSI and MSI-X) off in every function. Finds the functions by
 * configuration mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2) from bus 0 on, behind bridges as firmware
 * numbered them. Bounded whatever the bus answers: 256 buses once each, 48 capabilities a function. Logs what it did;
 * does and logs nothing where no PCI bus answers.
 */
void pci_silence(void);

/* A USB host controller that pci_silence saw: the first eight. at: its place, for the functions below. */
struct pci_usb {
    uint32_t at;                /* bus in bits 16 to 23, device 11 to 15, function 8 to 10 */
    uint8_t interface;          /* PCI Code and ID Assignment Specification, "Base Class 0Ch" */
};
bool pci_usb(unsigned index, struct pci_usb *function);

/* The physical address in the function's first base address register, which it answers at now; 0: there is none. */
uint64_t pci_memory(uint32_t function);

/* Let it write to memory, or not. */
void pci_set_mastering(uint32_t function, bool on);

#endif
