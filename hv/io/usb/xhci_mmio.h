/*
 * xhci_mmio.h - how the registers of a controller are read and written; host tests have a controller on paper instead.
 */
#ifndef IO_USB_XHCI_MMIO_H
#define IO_USB_XHCI_MMIO_H

#include <stdint.h>

static inline uint32_t xhci_mmio_read(void *registers, uint32_t offset)
{
    return *(volatile uint32_t *)((char *)registers + offset);
}

static inline void xhci_mmio_write(void *registers, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)((char *)registers + offset) = value;
}

#endif
