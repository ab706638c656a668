/*
 * usb_chain.c - the chain of steps: what a step asks for, how that ends, and the step that goes on.
 *
 * Nobody waits here, as guests run between two polls: a step names the step that goes on (then), and returns.
 * Everything that is asked for has a deadline, so that a device which does not answer costs time but never the chain.
 * An event that is of something given up meanwhile finds that host->busy, the device or the ring does not fit, and is
 * dropped: late answers must not be taken for those to the next question.
 */
#include <stddef.h>

#include "base/string.h"
#include "io/usb/usb_host.h"

#define COMMAND_NS (1000 * NS_PER_MS)
#define CONTROL_NS (1000 * NS_PER_MS)
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
    xhci_doorbell(&host->xhci, device->slot, USB_CONTROL_DCI);
}

void usb_pause(struct usb_host *host, unsigned ms, usb_step then)
{
    host->busy = USB_PAUSE;
    host->deadline_ns = host->now_ns + ms * NS_PER_MS;
    host->then = then;
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
                TRB_SLOT(host->device->slot) | TRB_ENDPOINT(USB_CONTROL_DCI), recovered);
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
    usb_command(host, 0, TRB_TYPE(command) | TRB_SLOT(host->device->slot) | TRB_ENDPOINT(USB_CONTROL_DCI),
                set_control_dequeue);
}

void usb_chain_transfer(struct usb_host *host, const struct usb_device *device, const struct xhci_trb *event)
{
    uint8_t code = TRB_CODE_OF(event->status);

    if (host->busy != USB_CONTROL || host->device != device || xhci_ring_index(&device->control, event->parameter) < 0)
        return;
    if (code == CODE_SUCCESS || code == CODE_SHORT)
        go_on(host, code);
    else
        recover_pipe(host, code, TRB_RESET_ENDPOINT);
}

void usb_chain_command(struct usb_host *host, const struct xhci_trb *event)
{
    if (host->busy != USB_COMMAND || event->parameter != host->command.v)
        return;
    host->slot = TRB_SLOT_OF(event->control);
    go_on(host, TRB_CODE_OF(event->status));
}

bool usb_chain_deadline(struct usb_host *host)
{
    if (host->busy == USB_IDLE || host->now_ns < host->deadline_ns)
        return true;
    if (host->busy == USB_COMMAND)
        return false;
    if (host->busy == USB_CONTROL)
        recover_pipe(host, CODE_TIMEOUT, TRB_STOP_ENDPOINT);
    else
        go_on(host, CODE_SUCCESS);
    return true;
}
