/*
 * usb_device.c - from a port that has been reset to a device whose descriptors are known; and its end.
 */
#include <stddef.h>

#include "base/frames.h"
#include "base/log.h"
#include "base/string.h"
#include "io/usb/usb_host.h"

#define TYPE_IN 0x80
#define GET_DESCRIPTOR 6
#define DESCRIPTOR_DEVICE 0x0100
#define DEVICE_BYTES 18
#define FIRST_BYTES 8               /* that tell how long packets are */
#define DESCRIPTOR_CONFIGURATION 0x0200
#define CONFIGURATION_BYTES 9
#define ADDRESS_MS 10               /* USB 2.0, "Set Address Processing", and some more */

static void read_descriptor(struct usb_host *host, unsigned descriptor, unsigned bytes, usb_step then)
{
    usb_control(host, host->device, USB_SETUP(TYPE_IN, GET_DESCRIPTOR, descriptor, 0, bytes), then);
}

static uint16_t word_at(const struct usb_host *host, unsigned at)
{
    return (uint16_t)(host->xhci.shared->buffer[at] | host->xhci.shared->buffer[at + 1] << 8);
}

static void end_failed(struct usb_host *host, const char *why)
{
    host->outcome = USB_FAILED;
    host->why = why;
    host->device_over(host);
}

static void failed(struct usb_host *host)
{
    end_failed(host, "it does not tell what it is");
}

static void cannot_be_used(struct usb_host *host)
{
    end_failed(host, "it cannot be configured");
}

static void no_use(struct usb_host *host)
{
    host->others++;
    host->outcome = USB_NO_USE;
    host->device_over(host);
}

/* A controller that did not take the slot back may still write to the memory: that is lost, then. */
static void dropped(struct usb_host *host)
{
    struct usb_memory *memory = (struct usb_memory *)(void *)((char *)host->device -
                                                              offsetof(struct usb_memory, device));

    for (unsigned i = 0; i < USB_DEVICES_MAX; i++)
        if (host->devices[i] == host->device)
            host->devices[i] = NULL;
    if (usb_went_well(host)) {
        host->xhci.shared->contexts[host->device->slot] = 0;
        frames_free(ptr_to_hpa(memory));
        usb_device_frames--;
    }
    host->device = NULL;
    if (host->after_drop)
        host->after_drop(host);
}

/* Its slot and memory go back, then this. */
static void drop_device(struct usb_host *host, usb_step then)
{
    host->after_drop = then;
    usb_command(host, 0, TRB_TYPE(TRB_DISABLE_SLOT) | TRB_SLOT(host->device->slot), dropped);
}

/* Adapters whose makers have a protocol of their own: FTDI, Prolific, Silicon Labs, WCH. */
static bool is_serial(const struct usb_device *device)
{
    static const uint16_t vendors[] = { 0x0403, 0x067B, 0x10C4, 0x1A86 };

    for (unsigned i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
        if (device->vendor == vendors[i])
            return true;
    return device->configuration.kind == USB_SERIAL;
}

static void tell_no_use(const struct usb_host *host)
{
    const struct usb_device *device = host->device;
    const char *hub = device->parent ? "hub " : "";

    if (is_serial(device))
        log_warn("USB: %04x:%04x at %s %sport %u is a serial line, which is not supported: use a port of the board or "
                 "a PCI card", device->vendor, device->product, host->place, hub, device->port);
    else
        log_info("USB: %04x:%04x at %s %sport %u is no keyboard", device->vendor, device->product, host->place, hub,
                 device->port);
}

static void set_up(struct usb_host *host)
{
    if (!host->is_set_up) {
        drop_device(host, cannot_be_used);
        return;
    }
    host->outcome = USB_IN_USE;
    host->device_over(host);
}

static void took_configuration(struct usb_host *host)
{
    struct usb_device *device = host->device;
    const uint8_t *data = host->xhci.shared->buffer;
    unsigned total = word_at(host, 2);

    if (!usb_went_well(host)) {
        drop_device(host, failed);
        return;
    }
    usb_configuration_parse(&device->configuration, data, total < XHCI_BUFFER_BYTES ? total : XHCI_BUFFER_BYTES,
                            device->configuration.kind == USB_HUB);
    if (device->configuration.kind != USB_KEYBOARD && device->configuration.kind != USB_HUB) {
        tell_no_use(host);
        drop_device(host, no_use);
        return;
    }
    usb_setup_begin(host, set_up);
}

static void took_length(struct usb_host *host)
{
    unsigned total = word_at(host, 2);

    if (usb_went_well(host) && total >= CONFIGURATION_BYTES)
        read_descriptor(host, DESCRIPTOR_CONFIGURATION, total < XHCI_BUFFER_BYTES ? total : XHCI_BUFFER_BYTES,
                        took_configuration);
    else
        drop_device(host, failed);
}

static void took_descriptor(struct usb_host *host)
{
    if (!usb_went_well(host)) {
        drop_device(host, failed);
        return;
    }
    host->device->configuration.kind = host->xhci.shared->buffer[4] == USB_CLASS_HUB ? USB_HUB : USB_NOTHING;
    host->device->vendor = word_at(host, 8);
    host->device->product = word_at(host, 10);
    read_descriptor(host, DESCRIPTOR_CONFIGURATION, CONFIGURATION_BYTES, took_length);
}

static void read_all(struct usb_host *host)
{
    read_descriptor(host, DESCRIPTOR_DEVICE, DEVICE_BYTES, took_descriptor);
}

/* "bMaxPacketSize0": full speed has a choice, low and high speed have none. */
static bool may_be_packet(const struct usb_device *device, uint8_t bytes)
{
    if (device->speed == SPEED_FULL)
        return bytes == 8 || bytes == 16 || bytes == 32 || bytes == 64;
    return bytes == device->max_packet;
}

static void took_first(struct usb_host *host)
{
    uint8_t bytes = host->xhci.shared->buffer[7];

    if (!usb_went_well(host) || !may_be_packet(host->device, bytes)) {
        drop_device(host, failed);
        return;
    }
    if (bytes == host->device->max_packet) {
        read_all(host);
        return;
    }
    host->device->max_packet = bytes;
    usb_context_max_packet(host, host->device);
    usb_command(host, ptr_to_hpa(host->xhci.input).v, TRB_TYPE(TRB_EVALUATE_CONTEXT) | TRB_SLOT(host->device->slot),
                read_all);
}

static void read_first(struct usb_host *host)
{
    read_descriptor(host, DESCRIPTOR_DEVICE, FIRST_BYTES, took_first);
}

static void addressed(struct usb_host *host)
{
    if (usb_went_well(host))
        usb_pause(host, ADDRESS_MS, read_first);
    else
        drop_device(host, failed);
}

/* "Address Device Command", with the way to it: "USB 2.0 Hub Support" for those behind a high-speed hub. */
static void describe(struct usb_host *host, struct usb_device *device)
{
    const struct usb_device *hub = usb_find_slot(host, host->parent);

    device->slot = host->slot;
    device->parent = host->parent;
    device->port = host->port;
    device->root_port = host->port;
    device->speed = host->speed;
    device->max_packet = host->speed == SPEED_HIGH ? 64 : 8;
    if (hub && host->parent) {
        uint32_t digit = host->port < 15 ? host->port : 15;
        device->root_port = hub->root_port;
        device->depth = (uint8_t)(hub->depth + 1);
        device->route = hub->route | digit << (4 * hub->depth);
        if (host->speed != SPEED_HIGH) {
            device->tt_slot = hub->speed == SPEED_HIGH ? hub->slot : hub->tt_slot;
            device->tt_port = hub->speed == SPEED_HIGH ? host->port : hub->tt_port;
        }
    }
}

static void no_room(struct usb_host *host)
{
    host->tries = UINT8_MAX - 1;
    end_failed(host, "no room for one more");
}

static void took_slot(struct usb_host *host)
{
    unsigned index = 0;

    if (!usb_went_well(host) || host->slot == 0 || host->slot > host->xhci.slots || usb_find_slot(host, host->slot)) {
        no_room(host);
        return;
    }
    while (index < USB_DEVICES_MAX && host->devices[index])     /* that many, however many slots the controller gives */
        index++;
    struct usb_memory *memory = index < USB_DEVICES_MAX ? xhci_frame(&host->xhci) : NULL;
    if (!memory) {
        usb_command(host, 0, TRB_TYPE(TRB_DISABLE_SLOT) | TRB_SLOT(host->slot), no_room);
        return;
    }
    usb_device_frames++;
    host->device = host->devices[index] = &memory->device;
    describe(host, host->device);
    xhci_ring_init(&host->device->control, memory->control, sizeof(memory->control) / sizeof(memory->control[0]));
    host->xhci.shared->contexts[host->slot] = ptr_to_hpa(memory).v;
    usb_context_address(host, host->device);
    usb_command(host, ptr_to_hpa(host->xhci.input).v, TRB_TYPE(TRB_ADDRESS_DEVICE) | TRB_SLOT(host->slot), addressed);
}

void usb_device_begin(struct usb_host *host, usb_step over)
{
    host->device_over = over;
    usb_command(host, 0, TRB_TYPE(TRB_ENABLE_SLOT), took_slot);
}

static bool hangs_on_gone(const struct usb_host *host, const struct usb_device *device)
{
    const struct usb_device *hub = device->parent ? usb_find_slot(host, device->parent) : NULL;
    return hub && hub->is_gone;
}

static void leave_port(struct usb_device *device)
{
    device->is_gone = true;
    device->is_ready = false;
    for (unsigned i = 0; i < device->configuration.count; i++)
        hid_keyboard_release(&device->pipes[i].keyboard, &usb_events);
    if (device->configuration.kind == USB_KEYBOARD)
        log_info("USB: keyboard %04x:%04x is gone", device->vendor, device->product);
}

/* Bound: USB_DEPTH_MAX passes over USB_DEVICES_MAX, each with a search for its hub: 1,280 looks at most. */
void usb_device_leaves(struct usb_host *host, struct usb_device *device)
{
    leave_port(device);
    for (unsigned depth = 0; depth < USB_DEPTH_MAX; depth++)
        for (unsigned i = 0; i < USB_DEVICES_MAX; i++)
            if (host->devices[i] && !host->devices[i]->is_gone && hangs_on_gone(host, host->devices[i]))
                leave_port(host->devices[i]);
}

bool usb_forget_work(struct usb_host *host)
{
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++) {
        if (!host->devices[i] || !host->devices[i]->is_gone)
            continue;
        host->device = host->devices[i];
        drop_device(host, NULL);
        return true;
    }
    return false;
}
