/*
 * usb_context.c - input contexts of 32 or 64 bytes: "Slot Context", "Endpoint Context", "Input Control Context" (PURE).
 *
 * An input context is the form in which a command tells the controller of a device: first which parts are meant (add),
 * then the slot, then one part for each endpoint, by its Device Context Index. How long each part is the controller
 * says (context_bytes).
 */
#include <stddef.h>

#include "base/string.h"
#include "io/usb/usb_host.h"

#define ADD_SLOT 1u
#define ENDPOINT_CONTROL 4u
#define ENDPOINT_INTERRUPT_IN 7u
#define ERRORS_ALLOWED (3u << 1)
#define INTERVAL_MIN 3u             /* of low and full speed, in powers of two of 125 us */
#define INTERVAL_MAX 10u
#define HIGH_SPEED_INTERVAL_MAX 15u
#define SLOT_HUB (1u << 26)

static uint32_t *context(struct usb_host *host, unsigned index)
{
    return (uint32_t *)(void *)(host->xhci.input + index * host->xhci.context_bytes);
}

/* dci: the last endpoint that is in use. */
static void fill_slot(struct usb_host *host, const struct usb_device *device, unsigned dci)
{
    uint32_t *slot = context(host, 1);

    slot[0] = device->route | (uint32_t)device->speed << 20 | dci << 27;
    slot[1] = (uint32_t)device->root_port << 16;
    slot[2] = device->tt_slot | (uint32_t)device->tt_port << 8;
}

static void begin(struct usb_host *host, uint32_t add)
{
    memset(host->xhci.input, 0, PAGE_SIZE);
    context(host, 0)[1] = add;
}

static void fill_endpoint(uint32_t *endpoint, const struct xhci_ring *ring, uint32_t type, uint32_t max_packet)
{
    uint64_t dequeue = xhci_ring_dequeue(ring);

    endpoint[1] = ERRORS_ALLOWED | type << 3 | max_packet << 16;
    endpoint[2] = (uint32_t)dequeue;
    endpoint[3] = (uint32_t)(dequeue >> 32);
    endpoint[4] = 8;                                    /* the average length of a transfer */
}

void usb_context_address(struct usb_host *host, const struct usb_device *device)
{
    begin(host, ADD_SLOT | 1u << 1);
    fill_slot(host, device, 1);
    fill_endpoint(context(host, 2), &device->control, ENDPOINT_CONTROL, device->max_packet);
}

void usb_context_max_packet(struct usb_host *host, const struct usb_device *device)
{
    begin(host, 1u << 1);
    fill_endpoint(context(host, 2), &device->control, ENDPOINT_CONTROL, device->max_packet);
}

/* "Interval": milliseconds for low and full speed, already a power of two for high speed. */
static uint32_t interval_of(const struct usb_device *device, uint8_t interval)
{
    if (device->speed == SPEED_HIGH)
        return interval - 1u < HIGH_SPEED_INTERVAL_MAX ? interval - 1u : HIGH_SPEED_INTERVAL_MAX;
    uint32_t power = INTERVAL_MIN;      /* bound: up to INTERVAL_MAX, whatever the endpoint says */
    while (power < INTERVAL_MAX && (1u << (power + 1)) <= interval * 8u)
        power++;
    return power;
}

void usb_context_pipes(struct usb_host *host, const struct usb_device *device)
{
    uint32_t add = ADD_SLOT;
    unsigned last = 1;

    begin(host, 0);
    for (unsigned i = 0; i < device->configuration.count; i++) {
        const struct usb_pipe *pipe = &device->pipes[i];
        uint32_t *endpoint = context(host, pipe->dci + 1u);
        fill_endpoint(endpoint, &pipe->ring, ENDPOINT_INTERRUPT_IN, pipe->endpoint.max_packet);
        endpoint[0] = interval_of(device, pipe->endpoint.interval) << 16;
        endpoint[4] |= (uint32_t)pipe->endpoint.max_packet << 16;       /* in a service interval */
        add |= 1u << pipe->dci;
        last = pipe->dci > last ? pipe->dci : last;
    }
    context(host, 0)[1] = add;
    fill_slot(host, device, last);
}

void usb_context_hub(struct usb_host *host, const struct usb_device *device)
{
    begin(host, ADD_SLOT);
    fill_slot(host, device, device->pipes[0].dci);
    uint32_t *slot = context(host, 1);
    slot[0] |= SLOT_HUB;
    slot[1] |= (uint32_t)device->hub_ports << 24;
    if (device->speed == SPEED_HIGH)
        slot[2] |= (uint32_t)device->hub_think_time << 16;
}
