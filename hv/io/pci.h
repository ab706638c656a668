/*
 * pci.h - what firmware's drivers left running on the PCI bus, stopped before their memory serves another purpose.
 *
 * UEFI wants every driver to stop its device when ExitBootServices is called, and not all do. A network card that still
 * receives would write into memory that is ours by now, and a message-signalled interrupt at 0xDE would look like a
 * hypercall. Cobble itself drives no PCI device.
 */
#ifndef IO_PCI_H
#define IO_PCI_H

/*
 * Once at boot, before the first free memory is used: bus mastering off in every function but bridges, displays and
 * USB host controllers, message-signalled interrupts (MSI and MSI-X) off in every function. Finds the functions by
 * configuration mechanism #1 (PCI Local Bus Specification 3.0, 3.2.2.3.2) from bus 0 on, behind bridges as firmware
 * numbered them. Bounded whatever the bus answers: 256 buses once each, 48 capabilities a function. Logs what it did;
 * does and logs nothing where no PCI bus answers.
 */
void pci_silence(void);

#endif
