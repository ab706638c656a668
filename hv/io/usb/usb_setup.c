/*
 * usb_setup.c - bring a keyboard or a hub into use: its configuration, its protocol, the power of its ports.
 *
 * A keyboard is asked for the boot protocol, whose report every keyboard has alike (HID 1.11, "Boot Interface
 * Descriptors"): what else its report descriptor may say need then not be read. Idle rate 0 means a report only when
 * something changed; repeats are made by hid_keyboard.c, so that they come alike from all.
 */
#include <stddef.h>

#include "base/log.h"
#include "io/usb/usb_host.h"

#define TYPE_DEVICE 0x00
#define SET_CONFIGURATION 9
#define TYPE_INTERFACE 0x21         /* HID 1.11, "Class-Specific Requests" */
#define SET_IDLE 0x0A
#define SET_PROTOCOL 0x0B
#define PROTOCOL_BOOT 0
#define TYPE_HUB_IN 0xA0            /* USB 2.0, "Hub Class-specific Requests" */
#define GET_DESCRIPTOR 6
#define DESCRIPTOR_HUB 0x2900
#define HUB_BYTES 7                 /* what follows has a bit for each port */
#define TYPE_PORT 0x23
#define SET_FEATURE 3
#define FEATURE_POWER 8

static void set_protocol(struct usb_host *host);
static void power_port(struct usb_host *host);

static void end_setup(struct usb_host *host, bool is_set_up)
{
    host->is_set_up = is_set_up;
    host->after_setup(host);
}

static void be_ready(struct usb_host *host)
{
    struct usb_device *device = host->device;

    device->is_ready = true;
    for (unsigned i = 0; i < device->configuration.count; i++)
        usb_pipe_start(host, device, &device->pipes[i]);
    log_info("USB: %s %04x:%04x at %s %sport %u", device->configuration.kind == USB_HUB ? "hub" : "keyboard",
             device->vendor, device->product, host->place, device->parent ? "hub " : "", device->port);
    end_setup(host, true);
}

/* A keyboard that refuses one of these may still be right as it is. */
/* Bound: USB_PIPES_MAX interfaces, two requests each. */
static void next_interface(struct usb_host *host)
{
    host->index++;
    set_protocol(host);
}

static void set_idle(struct usb_host *host)
{
    usb_control(host, host->device, USB_SETUP(TYPE_INTERFACE, SET_IDLE, 0,
                                              host->device->pipes[host->index].endpoint.interface, 0), next_interface);
}

static void set_protocol(struct usb_host *host)
{
    if (host->index < host->device->configuration.count)
        usb_control(host, host->device, USB_SETUP(TYPE_INTERFACE, SET_PROTOCOL, PROTOCOL_BOOT,
                                                  host->device->pipes[host->index].endpoint.interface, 0), set_idle);
    else
        be_ready(host);
}

static void powered(struct usb_host *host)
{
    host->device->hub_changed = usb_hub_ports(host->device);
    be_ready(host);
}

/* Bound: USB_HUB_PORTS_MAX, whatever the hub said. polls: what it said of the time that power needs, in 2 ms. */
static void power_port(struct usb_host *host)
{
    if (host->index++ < host->device->hub_ports)
        usb_control(host, host->device, USB_SETUP(TYPE_PORT, SET_FEATURE, FEATURE_POWER, host->index, 0), power_port);
    else
        usb_pause(host, host->polls * 2u, powered);
}

static void took_hub(struct usb_host *host)
{
    const uint8_t *hub = host->xhci.shared->buffer;

    if (!usb_went_well(host) || hub[2] == 0) {
        end_setup(host, false);
        return;
    }
    host->device->hub_ports = hub[2] < USB_HUB_PORTS_MAX ? hub[2] : USB_HUB_PORTS_MAX;
    host->device->hub_think_time = hub[3] >> 5 & 3;
    host->polls = hub[5];
    usb_context_hub(host, host->device);
    usb_command(host, ptr_to_hpa(host->xhci.input).v, TRB_TYPE(TRB_CONFIGURE_ENDPOINT) |
                TRB_SLOT(host->device->slot), power_port);
}

static void configured(struct usb_host *host)
{
    host->index = 0;
    if (!usb_went_well(host))
        end_setup(host, false);
    else if (host->device->configuration.kind == USB_HUB)
        usb_control(host, host->device, USB_SETUP(TYPE_HUB_IN, GET_DESCRIPTOR, DESCRIPTOR_HUB, 0, HUB_BYTES), took_hub);
    else
        set_protocol(host);
}

static void configure(struct usb_host *host)
{
    if (usb_went_well(host))
        usb_control(host, host->device, USB_SETUP(TYPE_DEVICE, SET_CONFIGURATION, host->device->configuration.value,
                                                  0, 0), configured);
    else
        end_setup(host, false);
}

void usb_setup_begin(struct usb_host *host, usb_step after)
{
    host->after_setup = after;
    for (unsigned i = 0; i < host->device->configuration.count; i++)
        usb_pipe_open(host->device, i);
    usb_context_pipes(host, host->device);
    usb_command(host, ptr_to_hpa(host->xhci.input).v, TRB_TYPE(TRB_CONFIGURE_ENDPOINT) |
                TRB_SLOT(host->device->slot), configure);
}
