/*
 * usb_descriptor.c - walk a configuration's descriptors, each of which says how long it is (PURE).
 *
 * The bytes come from a device that may be broken or hostile: no length is believed that leads out of what was read, a
 * length below 2 would never end, and an endpoint counts only if the controller could be told of it. Source: USB 2.0,
 * "Standard USB Descriptor Definitions".
 */
#include "io/usb/usb_descriptor.h"

#include <stdbool.h>

#define TYPE_CONFIGURATION 2
#define CONFIGURATION_BYTES 9
#define TYPE_INTERFACE 4
#define INTERFACE_BYTES 9
#define TYPE_ENDPOINT 5
#define ENDPOINT_BYTES 7
#define ENDPOINT_IN 0x80
#define ENDPOINT_NUMBER 0x0F
#define ENDPOINT_TRANSFER 0x03
#define TRANSFER_INTERRUPT 3
#define MAX_PACKET_MASK 0x7FFu      /* above: more packets a microframe, which no keyboard needs */
#define MAX_PACKET_MAX 1024
#define CLASS_HID 3
#define SUBCLASS_BOOT 1
#define PROTOCOL_KEYBOARD 1
#define CLASS_COMMUNICATIONS 2
#define SUBCLASS_SERIAL 2           /* "Abstract Control Model" */

/* One of its first setting, of a boot keyboard or of a hub. */
static bool is_wanted(const uint8_t *interface, bool is_hub)
{
    if (interface[3] != 0)
        return false;
    if (is_hub)
        return interface[5] == USB_CLASS_HUB;
    return interface[5] == CLASS_HID && interface[6] == SUBCLASS_BOOT && interface[7] == PROTOCOL_KEYBOARD;
}

static bool is_serial_interface(const uint8_t *interface)
{
    return interface[5] == CLASS_COMMUNICATIONS && interface[6] == SUBCLASS_SERIAL;
}

static bool has_number(const struct usb_configuration *configuration, uint8_t number)
{
    for (unsigned i = 0; i < configuration->count; i++)
        if (configuration->endpoints[i].number == number)
            return true;
    return false;
}

/* True: it was what the interface was looked at for. */
static bool take_endpoint(struct usb_configuration *configuration, const uint8_t *endpoint, uint8_t interface)
{
    unsigned max_packet = (endpoint[4] | (unsigned)endpoint[5] << 8) & MAX_PACKET_MASK;
    uint8_t number = endpoint[2] & ENDPOINT_NUMBER;

    if (!(endpoint[2] & ENDPOINT_IN) || (endpoint[3] & ENDPOINT_TRANSFER) != TRANSFER_INTERRUPT)
        return false;
    if (number == 0 || max_packet == 0 || max_packet > MAX_PACKET_MAX || has_number(configuration, number))
        return false;
    configuration->endpoints[configuration->count++] = (struct usb_endpoint){
        .interface = interface,
        .number = number,
        .interval = endpoint[6] ? endpoint[6] : 1,
        .max_packet = (uint16_t)max_packet,
    };
    return true;
}

void usb_configuration_parse(struct usb_configuration *configuration, const uint8_t *data, unsigned bytes, int is_hub)
{
    unsigned most = is_hub ? 1 : USB_PIPES_MAX;
    bool wanted = false;
    uint8_t interface = 0;

    *configuration = (struct usb_configuration){ .kind = USB_NOTHING };
    if (bytes < CONFIGURATION_BYTES || data[0] < CONFIGURATION_BYTES || data[1] != TYPE_CONFIGURATION)
        return;
    configuration->value = data[5];
    /* Bound: bytes / 2, 256 descriptors: each is two bytes or more. */
    for (unsigned at = data[0]; at + 2 <= bytes && configuration->count < most;) {
        unsigned length = data[at], type = data[at + 1];
        if (length < 2 || length > bytes - at)
            break;
        if (type == TYPE_INTERFACE && length >= INTERFACE_BYTES) {
            wanted = is_wanted(data + at, is_hub);
            if (is_serial_interface(data + at))
                configuration->kind = USB_SERIAL;
            interface = data[at + 2];
        } else if (type == TYPE_ENDPOINT && length >= ENDPOINT_BYTES && wanted) {
            wanted = !take_endpoint(configuration, data + at, interface);
        }
        at += length;
    }
    if (configuration->count != 0)
        configuration->kind = is_hub ? USB_HUB : USB_KEYBOARD;
}
