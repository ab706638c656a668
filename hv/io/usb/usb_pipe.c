/*
 * usb_pipe.c - interrupt endpoints: a keyboard's reports, a hub's changed ports; set going again when they halt.
 *
 * USB_PIPE_DEPTH requests are always with the controller, so that a keyboard can bring as many reports between two
 * polls. They are answered in order; each answer makes room for one more request, whose report lies where the answered
 * one lay.
 */
#include <stddef.h>

#include "base/log.h"
#include "io/usb/usb_host.h"

#define PIPES (USB_DEVICES_MAX * USB_PIPES_MAX)
#define ERRORS_MAX 8                /* in a row: then it is left alone until it is plugged in again */
#define SET_REPORT_TYPE 0x21
#define SET_REPORT 0x09
#define REPORT_OUTPUT 0x0200
#define CLEAR_FEATURE_ENDPOINT 0x02
#define CLEAR_FEATURE 1
#define ENDPOINT_IN 0x80

static struct usb_memory *memory_of(struct usb_device *device)
{
    return (struct usb_memory *)(void *)((char *)device - offsetof(struct usb_memory, device));
}

/* The device's configuration has been read. */
void usb_pipe_open(struct usb_device *device, unsigned index)
{
    struct usb_pipe *pipe = &device->pipes[index];
    uint16_t bytes = device->configuration.endpoints[index].max_packet;

    pipe->endpoint = device->configuration.endpoints[index];
    pipe->dci = (uint8_t)(pipe->endpoint.number * 2 + 1);
    /* All that a packet may bring: more than was asked for would be an error. */
    bytes = bytes < HID_REPORT_BYTES ? HID_REPORT_BYTES : bytes;
    pipe->bytes = (uint8_t)(bytes < USB_REPORT_BYTES ? bytes : USB_REPORT_BYTES);
    pipe->leds = 0xFF;
    xhci_ring_init(&pipe->ring, memory_of(device)->pipes[index], USB_PIPE_TRBS);
}

static uint8_t *report_at(struct usb_device *device, const struct usb_pipe *pipe, unsigned trb)
{
    return memory_of(device)->reports[pipe - device->pipes][trb % USB_PIPE_DEPTH];
}

static void ask_for_report(struct usb_device *device, struct usb_pipe *pipe)
{
    uint8_t *report = report_at(device, pipe, pipe->ring.next);
    xhci_ring_put(&pipe->ring, ptr_to_hpa(report).v, pipe->bytes,
                  TRB_TYPE(TRB_NORMAL) | TRB_INTERRUPT | TRB_INTERRUPT_ON_SHORT);
}

/* Nothing is asked for yet. */
void usb_pipe_start(struct usb_host *host, struct usb_device *device, struct usb_pipe *pipe)
{
    pipe->oldest = (uint8_t)pipe->ring.next;
    pipe->halted = false;
    for (unsigned i = 0; i < USB_PIPE_DEPTH; i++)
        ask_for_report(device, pipe);
    xhci_doorbell(&host->xhci, device->slot, pipe->dci);
}

static void take_report(struct usb_host *host, struct usb_device *device, struct usb_pipe *pipe, uint32_t bytes)
{
    const uint8_t *report = report_at(device, pipe, pipe->oldest);

    if (device->configuration.kind == USB_HUB) {
        /* Bound: the four bytes of hub_changed, whatever the hub brings. */
        for (unsigned i = 0; i < bytes && i < sizeof(device->hub_changed); i++)
            device->hub_changed |= (uint32_t)report[i] << (8 * i);
    } else if (bytes >= HID_REPORT_BYTES) {
        hid_keyboard_report(&pipe->keyboard, report, host->now_ns, &usb_events);
    }
}

static void take_error(struct usb_host *host, const struct usb_device *device, struct usb_pipe *pipe, uint8_t code)
{
    pipe->halted = true;
    if (++pipe->errors < ERRORS_MAX)
        return;
    pipe->is_dead = true;
    hid_keyboard_release(&pipe->keyboard, &usb_events);
    log_warn("USB: %04x:%04x at %s port %u fails again and again (code %u): plug it in anew", device->vendor,
             device->product, host->place, device->port, code);
}

/* An event that is not of the oldest request is of one that was given up. */
void usb_pipe_event(struct usb_host *host, struct usb_device *device, const struct xhci_trb *event)
{
    uint32_t residue = TRB_RESIDUE_OF(event->status);
    uint8_t code = TRB_CODE_OF(event->status);
    struct usb_pipe *pipe = NULL;

    for (unsigned i = 0; device->is_ready && i < device->configuration.count; i++)
        if (device->pipes[i].dci == TRB_ENDPOINT_OF(event->control))
            pipe = &device->pipes[i];
    if (!pipe || pipe->halted || pipe->is_dead || xhci_ring_index(&pipe->ring, event->parameter) != pipe->oldest)
        return;
    if (code != CODE_SUCCESS && code != CODE_SHORT) {
        take_error(host, device, pipe, code);
        return;
    }
    pipe->errors = 0;
    if (residue <= pipe->bytes)
        take_report(host, device, pipe, pipe->bytes - residue);
    pipe->oldest = (uint8_t)((pipe->oldest + 1) % (USB_PIPE_TRBS - 1));
    ask_for_report(device, pipe);
    xhci_doorbell(&host->xhci, device->slot, pipe->dci);
}

static void restart(struct usb_host *host)
{
    if (usb_find_slot(host, host->device->slot) == host->device)
        usb_pipe_start(host, host->device, host->pipe);
}

static void set_pipe_dequeue(struct usb_host *host)
{
    usb_command(host, xhci_ring_dequeue(&host->pipe->ring), TRB_TYPE(TRB_SET_DEQUEUE) |
                TRB_SLOT(host->device->slot) | TRB_ENDPOINT(host->pipe->dci), restart);
}

/*
 * The device is told that its endpoint goes on: its data toggle starts anew on both sides, as "Reset Endpoint" did for
 * the controller's. If only one of them began anew, the next report would be dropped as a repetition.
 */
static void clear_halt(struct usb_host *host)
{
    usb_control(host, host->device, USB_SETUP(CLEAR_FEATURE_ENDPOINT, CLEAR_FEATURE, 0,
                                              ENDPOINT_IN | host->pipe->endpoint.number, 0), set_pipe_dequeue);
}

static void leds_told(struct usb_host *host)
{
    (void)host;         /* a keyboard without LEDs refuses, and has none to show */
}

static void tell_leds(struct usb_host *host, struct usb_device *device, struct usb_pipe *pipe)
{
    pipe->leds = usb_leds;
    host->xhci.shared->buffer[0] = usb_leds;
    usb_control(host, device, USB_SETUP(SET_REPORT_TYPE, SET_REPORT, REPORT_OUTPUT, pipe->endpoint.interface, 1),
                leds_told);
}

/*
 * A pipe that halted, or a keyboard whose LEDs are not right, beginning behind the last one: one that halts again and
 * again keeps no other waiting. True: a chain has begun. Bound: USB_DEVICES_MAX and their pipes.
 */
bool usb_pipe_work(struct usb_host *host)
{
    for (unsigned i = 0; i < PIPES; i++) {
        unsigned at = host->last_pipe = (uint8_t)((host->last_pipe + 1) % PIPES);
        struct usb_device *device = host->devices[at / USB_PIPES_MAX];
        struct usb_pipe *pipe = device ? &device->pipes[at % USB_PIPES_MAX] : NULL;
        if (!device || device->is_gone || !device->is_ready || at % USB_PIPES_MAX >= device->configuration.count ||
            pipe->is_dead)
            continue;
        host->device = device;
        host->pipe = pipe;
        if (pipe->halted)
            usb_command(host, 0, TRB_TYPE(TRB_RESET_ENDPOINT) | TRB_SLOT(device->slot) | TRB_ENDPOINT(pipe->dci),
                        clear_halt);
        else if (device->configuration.kind == USB_KEYBOARD && pipe->leds != usb_leds)
            tell_leds(host, device, pipe);
        else
            continue;
        return true;
    }
    return false;
}

/* Bound: USB_DEVICES_MAX and their pipes, an event each. */
void usb_pipe_repeat(struct usb_host *host)
{
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++)
        for (unsigned j = 0; host->devices[i] && j < host->devices[i]->configuration.count; j++)
            hid_keyboard_repeat(&host->devices[i]->pipes[j].keyboard, host->now_ns, &usb_events);
}
