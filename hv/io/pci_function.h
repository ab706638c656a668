/*
 * pci_function.h - where a PCI function's registers are, and whether it may write to memory. Places: pci_config.h.
 */
#ifndef IO_PCI_FUNCTION_H
#define IO_PCI_FUNCTION_H

#include <stdbool.h>
#include <stdint.h>

/* The physical address in the function's first base address register, which it answers at now; 0: there is none. */
uint64_t pci_memory(uint32_t place);

#define PCI_BARS 6

/* The I/O port in a base address register (below PCI_BARS), which the function answers at now; 0: there is none. */
uint16_t pci_port(uint32_t place, unsigned number);

/* Let it write to memory, or not. */
void pci_set_mastering(uint32_t place, bool on);

/* "00:1f.2", or "1:00:1f.2" in another segment: PCI_NAME_BYTES with the NUL. */
#define PCI_NAME_BYTES 14
void pci_name(uint32_t place, char name[PCI_NAME_BYTES]);

#endif
