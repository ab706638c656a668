/*
 * usb_routing.c - Intel's chipsets of 2012 to 2015 have EHCI and xHCI, and a switch at each port: firmware leaves the
 * ports with EHCI, and a system that knows xHCI leads them there (Intel 8 Series PCH Datasheet, "XUSB2PR - xHC USB 2.0
 * Port Routing Register" and the three behind it).
 *
 * Before and after these chipsets nothing can be led: the registers are those of something else.
 */
#include "io/usb/usb_routing.h"

#include <stddef.h>

#include "io/pci_config.h"

#define REG_ID 0x00
#define REG_ROUTING 0xD0        /* XUSB2PR: a bit for each port of USB 2; set: it is the xHCI's */
#define REG_ROUTING_MASK 0xD4   /* XUSB2PRM: the ports that there are, as the firmware has it */
#define REG_FAST 0xD8           /* USB3PSSEN: a bit for each port's SuperSpeed half; it works */
#define REG_FAST_MASK 0xDC      /* USB3PRM */

/* Device, maker: 7 Series, Bay Trail, 8 Series and its mobile kind, 9 Series and its mobile kind, C610. */
static const uint32_t switched[] = { 0x1E318086, 0x0F358086, 0x8C318086, 0x9C318086, 0x8CB18086, 0x9CB18086,
                                     0x8D318086 };

bool usb_route_ports(uint32_t place)
{
    uint32_t id = pci_config_read(place | REG_ID);

    for (size_t i = 0; i < sizeof(switched) / sizeof(switched[0]); i++) {
        if (switched[i] != id)
            continue;
        pci_config_write(place | REG_FAST, pci_config_read(place | REG_FAST_MASK));
        pci_config_write(place | REG_ROUTING, pci_config_read(place | REG_ROUTING_MASK));
        return true;
    }
    return false;
}
