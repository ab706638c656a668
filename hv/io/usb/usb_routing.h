/*
 * usb_routing.h - ports that a chipset can lead to either of two controllers.
 */
#ifndef IO_USB_USB_ROUTING_H
#define IO_USB_USB_ROUTING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Lead every port that can be led there to this xHCI controller (a place of pci_config.h), away from EHCI beside it.
 * False: it is none of those chipsets, and nothing was done.
 */
bool usb_route_ports(uint32_t place);

#endif
