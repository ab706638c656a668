/*
 * fuzz_usb_descriptor.c - io/usb: whatever a device says its configuration is; the first byte chooses keyboard or hub.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "io/usb/usb_descriptor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct usb_configuration configuration;

    if (size == 0)
        return 0;
    usb_configuration_parse(&configuration, data + 1, (unsigned)size - 1, data[0] & 1);
    bool is_used = configuration.kind == USB_KEYBOARD || configuration.kind == USB_HUB;
    CHECK(is_used || configuration.count == 0);
    CHECK(configuration.count <= (configuration.kind == USB_HUB ? 1 : USB_PIPES_MAX));
    for (unsigned i = 0; i < configuration.count; i++) {
        const struct usb_endpoint *endpoint = &configuration.endpoints[i];
        CHECK(endpoint->number >= 1 && endpoint->number <= 15 && endpoint->interval != 0);
        CHECK(endpoint->max_packet >= 1 && endpoint->max_packet <= 1024);
        CHECK(i == 0 || endpoint->number != configuration.endpoints[0].number);
    }
    return 0;
}
