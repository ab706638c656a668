/*
 * pci.h - what firmware's drivers left running on the PCI bus, stopped before their memory serves another purpose.
 *
 * UEFI wants every driver to stop its device when ExitBootServices is called, and not all do. A network card that still
 * receives would write into memory that is ours by now, and a message-signalled interrupt at 0xDE would look like a
 * hypercall. Cobble itself drives xHCI controllers and serial cards only.
 */
#ifndef IO_PCI_H
#define IO_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "io/pci_config.h"

#define PCI_FUNCTIONS_MAX 128
#define PCI_CLASS_USB 0x0C03        /* PCI Code and ID Assignment Specification: base class and sub-class */
#define PCI_CLASS_SERIAL 0x0700
#define PCI_CLASS_MULTIPORT 0x0702

/* What ACPI knows of the bus. */
struct pci_machine {
    const struct pci_window *windows;   /* registers as the loader's page tables show them, or NULL */
    unsigned window_count;
    bool is_one_host_bridge;            /* there is no other than bus 0: else nobody says which buses there are */
};

/*
 * Once at boot, before the first free memory is used: bus mastering off in every function but bridges, displays and
 * USB host controllers, message-signalled interrupts (MSI and MSI-X) off in every function. Finds the functions from
 * bus 0 on, behind bridges as firmware numbered them; on all buses where there may be several host bridges, and in each
 * window of another segment, or of segment 0 where the ports do not answer. Bounded whatever the bus answers: 256 buses
 * once each way, 48 capabilities a function. Logs what it did; does and logs nothing where no PCI bus answers.
 */
void pci_silence(const struct pci_machine *machine);

/*
 * The hypervisor's page tables have replaced the loader's: map the windows that are in use anew. What lay beyond the
 * loader's map is silenced only now.
 */
void pci_map_windows(void *(*map)(uint64_t physical, uint64_t bytes));

/* A function that was seen. place: for the functions below and those of pci_config.h. */
struct pci_function {
    uint32_t place;
    uint16_t vendor, device, class;
    uint8_t interface;              /* below the class */
    uint8_t header;                 /* its type: 0 device, 1 bridge */
    uint8_t secondary;              /* of a bridge: the bus behind it */
};

/* Those seen, the first PCI_FUNCTIONS_MAX, in the order of finding them; NULL: there are no more. */
const struct pci_function *pci_function(unsigned index);
/* The same, but only devices of a class. */
const struct pci_function *pci_find(uint16_t class, unsigned index);

#endif
