/*
 * usb_host.c - the chain of steps: what a step asked for, how it ends, and what is done next.
 *
 * Nobody waits here, as guests run between two polls: a step names the step that goes on (then), and returns.
 * Everything that is asked for has a deadline, so that a device which does not answer costs time but never the chain.
 * An event that is of something given up meanwhile finds that host->busy, the device or the ring does not fit, and is
 * dropped: late answers must not be taken for those to the next question.
 */
#include "io/usb/usb_host.h"

#include <stddef.h>

#include "base/log.h"
#include "base/string.h"

#define COMMAND_NS (1000 * NS_PER_MS)
#define CONTROL_NS (1000 * NS_PER_MS)
#define EVENTS_A_POLL 64            /* a device that floods must not hold up the guests */
#define CONTROL_DCI 1
#define SETUP_BYTES 8
#define SETUP_OUT (2u << 16)        /* "Transfer Type" of a Setup Stage TRB */
#define SETUP_IN (3u << 16)

struct hid_events usb_events;
uint64_t usb_device_frames;
uint8_t usb_leds;

struct usb_device *usb_find_slot(const struct usb_host *host, uint8_t slot)
{
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++)
        if (host->devices[i] && host->devices[i]->slot == slot)
            return host->devices[i];
    return NULL;
}

struct usb_device *usb_find_port(const struct usb_host *host, uint8_t parent, uint8_t port)
{
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++) {
        struct usb_device *device = host->devices[i];
        if (device && !device->is_gone && device->parent == parent && device->port == port)
            return device;
    }
    return NULL;
}

void usb_command(struct usb_host *host, uint64_t parameter, uint32_t control, usb_step then)
{
    host->busy = USB_COMMAND;
    host->deadline_ns = host->now_ns + COMMAND_NS;
    host->then = then;
    host->command = xhci_command(&host->xhci, parameter, control);
}

/*
 * A control transfer: setup, data if any, status. With no data the status comes from the device, else it goes the other
 * way than the data: USB 2.0 "Control Transfers". The buffer is cleared first, so that a device which brings less than
 * was asked for leaves zeroes, not what another one brought.
 */
void usb_control(struct usb_host *host, struct usb_device *device, uint64_t setup, usb_step then)
{
    uint32_t length = USB_SETUP_LENGTH(setup);
    bool in = setup & 0x80;
    uint8_t *buffer = host->xhci.shared->buffer;

    host->device = device;
    host->busy = USB_CONTROL;
    host->deadline_ns = host->now_ns + CONTROL_NS;
    host->then = then;
    if (in)
        memset(buffer, 0, XHCI_BUFFER_BYTES);
    xhci_ring_put(&device->control, setup, SETUP_BYTES,
                  TRB_TYPE(TRB_SETUP) | TRB_IMMEDIATE | (length == 0 ? 0 : in ? SETUP_IN : SETUP_OUT));
    if (length != 0)
        xhci_ring_put(&device->control, ptr_to_hpa(buffer).v, length,
                      TRB_TYPE(TRB_DATA) | (in ? TRB_DIRECTION_IN : 0));
    xhci_ring_put(&device->control, 0, 0,
                  TRB_TYPE(TRB_STATUS) | TRB_INTERRUPT | (in && length != 0 ? 0 : TRB_DIRECTION_IN));
    xhci_doorbell(&host->xhci, device->slot, CONTROL_DCI);
}

void usb_pause(struct usb_host *host, unsigned ms, usb_step then)
{
    host->busy = USB_PAUSE;
    host->deadline_ns = host->now_ns + ms * NS_PER_MS;
    host->then = then;
}

/* The controller is of no use any more: its keyboards let go of all keys. */
static void lose_host(struct usb_host *host, const char *why)
{
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++)
        if (host->devices[i])
            usb_device_leaves(host, host->devices[i]);
    host->busy = USB_IDLE;
    xhci_fail(&host->xhci, why);
    log_warn("USB: xHCI %s is given up: %s", host->place, why);
}

static void go_on(struct usb_host *host, uint8_t code)
{
    host->busy = USB_IDLE;
    host->code = code;
    host->then(host);
}

/* Whatever came of it: the step that asked for the transfer hears how that ended. */
static void recovered(struct usb_host *host)
{
    host->then = host->after_recovery;
    go_on(host, host->control_code);
}

static void set_control_dequeue(struct usb_host *host)
{
    usb_command(host, xhci_ring_dequeue(&host->device->control), TRB_TYPE(TRB_SET_DEQUEUE) |
                TRB_SLOT(host->device->slot) | TRB_ENDPOINT(CONTROL_DCI), recovered);
}

/*
 * It failed, and its endpoint is halted ("Reset Endpoint"); or it did not end, and is stopped ("Stop Endpoint"). Either
 * way the controller must be told where the ring goes on ("Set TR Dequeue Pointer"): it would else begin with what
 * failed.
 */
static void recover_pipe(struct usb_host *host, uint8_t code, unsigned command)
{
    host->after_recovery = host->then;
    host->control_code = code;
    usb_command(host, 0, TRB_TYPE(command) | TRB_SLOT(host->device->slot) | TRB_ENDPOINT(CONTROL_DCI),
                set_control_dequeue);
}

static void control_event(struct usb_host *host, const struct usb_device *device, const struct xhci_trb *event)
{
    uint8_t code = TRB_CODE_OF(event->status);

    if (host->busy != USB_CONTROL || host->device != device || xhci_ring_index(&device->control, event->parameter) < 0)
        return;
    if (code == CODE_SUCCESS || code == CODE_SHORT)
        go_on(host, code);
    else
        recover_pipe(host, code, TRB_RESET_ENDPOINT);
}

static void transfer_event(struct usb_host *host, const struct xhci_trb *event)
{
    struct usb_device *device = usb_find_slot(host, TRB_SLOT_OF(event->control));
    uint8_t code = TRB_CODE_OF(event->status);

    /* Stop Endpoint makes an event of its own for the transfer that it cut off: its end is told by the command's. */
    if (!device || (code >= CODE_STOPPED && code <= CODE_STOPPED_SHORT))
        return;
    if (TRB_ENDPOINT_OF(event->control) == CONTROL_DCI)
        control_event(host, device, event);
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
    } else if (type == TRB_COMMAND_EVENT && host->busy == USB_COMMAND && event->parameter == host->command.v) {
        host->slot = TRB_SLOT_OF(event->control);
        go_on(host, TRB_CODE_OF(event->status));
    }
}

static void see_to_deadline(struct usb_host *host)
{
    if (host->busy == USB_IDLE || host->now_ns < host->deadline_ns)
        return;
    if (host->busy == USB_COMMAND)
        lose_host(host, "a command is not answered");
    else if (host->busy == USB_CONTROL)
        recover_pipe(host, CODE_TIMEOUT, TRB_STOP_ENDPOINT);
    else
        go_on(host, CODE_SUCCESS);
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
    see_to_deadline(host);
    usb_pipe_repeat(host);
    if (host->busy == USB_IDLE && host->xhci.state == XHCI_RUNNING)
        (void)(usb_forget_work(host) || usb_pipe_work(host) || usb_port_work(host));
}
