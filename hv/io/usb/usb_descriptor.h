/*
 * usb_descriptor.h - what a device says of itself, as far as it may be a keyboard or a hub (PURE; nothing is believed).
 *
 * USB 2.0 specification, "Standard USB Descriptor Definitions"; HID 1.11, "Boot Interface".
 */
#ifndef IO_USB_USB_DESCRIPTOR_H
#define IO_USB_USB_DESCRIPTOR_H

#include <stdint.h>

#define USB_PIPES_MAX 2         /* of a device that are used: composite devices have one or two keyboards in them */
#define USB_CLASS_HUB 9

enum usb_kind { USB_NOTHING, USB_KEYBOARD, USB_HUB, USB_SERIAL };

/* An interrupt IN endpoint. */
struct usb_endpoint {
    uint8_t interface;
    uint8_t number;             /* 1 to 15 */
    uint8_t interval;           /* as the descriptor has it, never 0 */
    uint16_t max_packet;        /* 1 to 1024 */
};

struct usb_configuration {
    enum usb_kind kind;
    uint8_t value;              /* for SET_CONFIGURATION */
    uint8_t count;              /* of endpoints: 0 for USB_NOTHING and USB_SERIAL, 1 for a hub */
    struct usb_endpoint endpoints[USB_PIPES_MAX];
};

/*
 * Find the boot keyboards of a configuration descriptor with all that hangs on it, or the hub if is_hub; else whether
 * it is a serial line (CDC 1.2, PSTN devices, "Abstract Control Model"), which is only told of. Only alternate
 * settings 0 count. What is cut off, or has a length that cannot be, ends the search: what was whole before it counts.
 */
void usb_configuration_parse(struct usb_configuration *configuration, const uint8_t *data, unsigned bytes, int is_hub);

#endif
