/*
 * usb_host.c - a controller in use: its events reach whom they are for, and when a chain has ended the next one begins.
 */
#include "io/usb/usb_host.h"

#include <stddef.h>

#include "base/log.h"

/*
 * A device that floods must not hold up the guests. The dearest is the answer which brings a configuration, some 4,000
 * instructions, and one chain is under way: it takes one answer of each step.
 */
#define EVENTS_A_POLL 64

/* The controller is of no use any more: its keyboards let go of all keys. Bound: as all leave, once in its life. */
static void lose_host(struct usb_host *host, const char *why)
{
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++)
        if (host->devices[i])
            usb_device_leaves(host, host->devices[i]);
    host->busy = USB_IDLE;
    xhci_fail(&host->xhci, why);
    log_warn("USB: xHCI %s is given up: %s", host->place, why);
}

static void transfer_event(struct usb_host *host, const struct xhci_trb *event)
{
    struct usb_device *device = usb_find_slot(host, TRB_SLOT_OF(event->control));
    uint8_t code = TRB_CODE_OF(event->status);

    /* Stop Endpoint makes an event of its own for the transfer that it cut off: its end is told by the command's. */
    if (!device || (code >= CODE_STOPPED && code <= CODE_STOPPED_SHORT))
        return;
    if (TRB_ENDPOINT_OF(event->control) == USB_CONTROL_DCI)
        usb_chain_transfer(host, device, event);
    else
        usb_pipe_event(host, device, event);
}

static void take_event(struct usb_host *host, const struct xhci_trb *event)
{
    uint32_t type = TRB_TYPE_OF(event->control);

    if (type == TRB_TRANSFER_EVENT) {
        transfer_event(host, event);
    } else if (type == TRB_PORT_EVENT) {
        uint8_t port = (uint8_t)(event->parameter >> 24);
        host->root_changed[port / 8] |= (uint8_t)(1u << port % 8);
    } else if (type == TRB_COMMAND_EVENT) {
        usb_chain_command(host, event);
    }
}

/* Pipes and ports in turns: a device that always wants something keeps the others waiting for one chain only. */
static void begin_work(struct usb_host *host)
{
    if (usb_forget_work(host))
        return;
    host->ports_first = !host->ports_first;
    if (host->ports_first)
        (void)(usb_port_work(host) || usb_pipe_work(host));
    else
        (void)(usb_pipe_work(host) || usb_port_work(host));
}

void usb_host_poll(struct usb_host *host)
{
    struct xhci_trb event;

    if (xhci_is_lost(&host->xhci)) {
        lose_host(host, "it reports an error, or is gone");
        return;
    }
    /*
     * Only as many events as their keys have room for: what is left stays in the controller's ring, and no key is lost.
     */
    for (unsigned i = 0; i < EVENTS_A_POLL && hid_events_room(&usb_events) > HID_REPORT_EVENTS; i++) {
        if (!xhci_event(&host->xhci, &event))
            break;
        take_event(host, &event);
    }
    if (!usb_chain_deadline(host))
        lose_host(host, "a command is not answered");
    usb_pipe_repeat(host);
    if (host->busy == USB_IDLE && host->xhci.state == XHCI_RUNNING)
        begin_work(host);
}
