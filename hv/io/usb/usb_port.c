/*
 * usb_port.c - ports, of the controller and of hubs alike: what came, what went, and the reset that a device begins
 * with.
 *
 * A root port is told in the words of a hub's: USB 2.0, "Port Status Bits" and "Port Change Bits". So one chain serves
 * both: ask the port, see what changed, clear the change bits, wait until the plug sits still, reset, and give the
 * device an address.
 *
 * Between any two steps the device may go, or its hub. A step therefore looks anew whether what it is about is still
 * there, and ends the chain quietly if not: that it went has been noted as a change, and begins a chain of its own.
 */
#include <stddef.h>

#include "base/log.h"
#include "io/usb/usb_host.h"

#define STATUS_CONNECTED 0x0001
#define STATUS_ENABLED 0x0002
#define STATUS_RESET 0x0010
#define STATUS_LOW_SPEED 0x0200
#define STATUS_HIGH_SPEED 0x0400
#define STATUS_SUPER_SPEED 0x8000       /* ours: no hub that we talk to has it */
#define CHANGE_CONNECTED 0x0001
#define CHANGES 0x001F
#define TYPE_PORT_IN 0xA3
#define TYPE_PORT_OUT 0x23
#define GET_STATUS 0
#define CLEAR_FEATURE 1
#define SET_FEATURE 3
#define FEATURE_RESET 4
#define FEATURE_CHANGE 16               /* and up, in the order of the change bits */
#define TRIES 3
#define SCAN_NS (500 * NS_PER_MS)
#define DEBOUNCE_MS 100                 /* USB 2.0, "Connect and Disconnect Signaling" */
#define RESET_POLL_MS 20
#define RESET_POLLS 40
#define RECOVERY_MS 10                  /* "Reset Signaling" */

static void reset(struct usb_host *host);
static void await_reset(struct usb_host *host);

static bool is_marked(const uint8_t *ports, unsigned port)
{
    return ports[port / 8] >> port % 8 & 1;
}

static void mark(uint8_t *ports, unsigned port, bool on)
{
    uint8_t bit = (uint8_t)(1u << port % 8);
    ports[port / 8] = (uint8_t)(on ? ports[port / 8] | bit : ports[port / 8] & ~bit);
}

static bool is_ignored(const struct usb_host *host)
{
    const struct usb_device *hub = usb_find_slot(host, host->parent);
    return host->parent == 0 ? is_marked(host->root_ignored, host->port) : !hub || hub->hub_ignored >> host->port & 1;
}

static void set_ignored(struct usb_host *host, bool on)
{
    struct usb_device *hub = usb_find_slot(host, host->parent);
    uint32_t bit = host->parent ? 1u << host->port : 0;

    if (host->parent == 0)
        mark(host->root_ignored, host->port, on);
    else if (hub)
        hub->hub_ignored = on ? hub->hub_ignored | bit : hub->hub_ignored & ~bit;
}

/* It is to be looked at again as soon as the chain has ended. */
static void mark_changed(struct usb_host *host)
{
    struct usb_device *hub = usb_find_slot(host, host->parent);

    if (host->parent == 0)
        mark(host->root_changed, host->port, true);
    else if (hub)
        hub->hub_changed |= 1u << host->port;
}

/* That a device came or went stays until looked() has seen it, as with a hub's port. */
static void ask_root(struct usb_host *host)
{
    uint32_t port = xhci_port(&host->xhci, host->port), speed = PORT_SPEED_OF(port);

    /* A change bit that stays set keeps the controller from telling of the next change. */
    if (port & PORT_CHANGES & ~PORT_CONNECT_CHANGE)
        xhci_port_set(&host->xhci, host->port, port & PORT_CHANGES & ~PORT_CONNECT_CHANGE);
    host->change = port & PORT_CONNECT_CHANGE ? CHANGE_CONNECTED : 0;
    host->status = (uint16_t)(port & (STATUS_CONNECTED | STATUS_ENABLED | STATUS_RESET));
    if (speed == SPEED_LOW)
        host->status |= STATUS_LOW_SPEED;
    else if (speed == SPEED_HIGH)
        host->status |= STATUS_HIGH_SPEED;
    else if (speed >= SPEED_SUPER)
        host->status |= STATUS_SUPER_SPEED;
}

/* then finds the answer in take_answer. */
static void ask(struct usb_host *host, usb_step then)
{
    struct usb_device *hub = usb_find_slot(host, host->parent);

    if (host->parent == 0) {
        ask_root(host);
        host->code = CODE_SUCCESS;
        then(host);
    } else if (hub) {
        usb_control(host, hub, USB_SETUP(TYPE_PORT_IN, GET_STATUS, 0, host->port, 4), then);
    }
}

static bool take_answer(struct usb_host *host)
{
    const uint8_t *answer = host->xhci.shared->buffer;

    if (host->parent == 0)
        return true;
    host->status = (uint16_t)((answer[0] | answer[1] << 8) & ~STATUS_SUPER_SPEED);
    host->change = (uint16_t)(answer[2] | answer[3] << 8);
    return usb_went_well(host);
}

static void tell_hub(struct usb_host *host, unsigned request, unsigned feature, usb_step then)
{
    struct usb_device *hub = usb_find_slot(host, host->parent);
    if (hub)
        usb_control(host, hub, USB_SETUP(TYPE_PORT_OUT, request, feature, host->port, 0), then);
}

static void try_again(struct usb_host *host, const char *what)
{
    if (++host->tries < TRIES) {
        usb_pause(host, DEBOUNCE_MS, reset);
        return;
    }
    log_warn("USB: a device at %s %sport %u is left alone: %s", host->place, host->parent ? "hub " : "", host->port,
             what);
    set_ignored(host, true);
}

/* All change bits are off; is there something new? */
static void decide(struct usb_host *host)
{
    const struct usb_device *hub = usb_find_slot(host, host->parent);

    if (!(host->status & STATUS_CONNECTED) || is_ignored(host) || usb_find_port(host, host->parent, host->port))
        return;
    if (host->parent && (!hub || hub->depth >= USB_DEPTH_MAX))
        return;
    /*
     * What was plugged in here before may still have its slot: two devices with one path to them would confuse the
     * controller. Bound: USB_DEVICES_MAX, as of all loops over devices.
     */
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++)
        if (host->devices[i] && host->devices[i]->is_gone) {
            mark_changed(host);     /* the slot of what was here is given back first */
            return;
        }
    host->tries = 0;
    usb_pause(host, DEBOUNCE_MS, reset);
}

/* Bound: CHANGES has five bits, and each is told once. */
static void clear_changes(struct usb_host *host)
{
    host->change &= CHANGES;
    if (host->parent == 0 || host->change == 0) {
        decide(host);
        return;
    }
    unsigned bit = (unsigned)__builtin_ctz(host->change);
    host->change &= (uint16_t)(host->change - 1);
    tell_hub(host, CLEAR_FEATURE, FEATURE_CHANGE + bit, clear_changes);
}

static void looked(struct usb_host *host)
{
    struct usb_device *device = usb_find_port(host, host->parent, host->port);

    if (!take_answer(host))
        return;
    if (host->parent == 0 && host->change) {
        xhci_port_set(&host->xhci, host->port, PORT_CONNECT_CHANGE);
        ask_root(host);                 /* as it is now: what changes from here on is told again */
        host->change |= CHANGE_CONNECTED;
    }
    /*
     * Connected and changed: out and in again between two looks. The one that was known is gone even so, and the new
     * one, if it is another, is not to be ignored for what that one was.
     */
    if (!(host->status & STATUS_CONNECTED) || host->change & CHANGE_CONNECTED) {
        set_ignored(host, false);
        if (device)
            usb_device_leaves(host, device);
    }
    clear_changes(host);
}

static void device_over(struct usb_host *host)
{
    if (host->outcome == USB_FAILED)
        try_again(host, host->why);
    else if (host->outcome == USB_NO_USE)
        set_ignored(host, true);
}

static void begin_device(struct usb_host *host)
{
    host->speed = host->status & STATUS_LOW_SPEED ? SPEED_LOW :
                  host->status & STATUS_HIGH_SPEED ? SPEED_HIGH : SPEED_FULL;
    usb_device_begin(host, device_over);
}

static void recover_port(struct usb_host *host)
{
    usb_pause(host, RECOVERY_MS, begin_device);
}

static void check_reset(struct usb_host *host)
{
    if (!take_answer(host) || !(host->status & STATUS_CONNECTED))
        return;                     /* it went, or its hub */
    if (host->status & STATUS_SUPER_SPEED)
        set_ignored(host, true);      /* no keyboard; of a hub the keyboards are at its other half */
    else if (!(host->status & STATUS_RESET) && host->status & STATUS_ENABLED)
        host->parent ? tell_hub(host, CLEAR_FEATURE, FEATURE_CHANGE + FEATURE_RESET, recover_port) : recover_port(host);
    else if (++host->polls < RESET_POLLS)
        usb_pause(host, RESET_POLL_MS, await_reset);
    else
        try_again(host, "its reset does not end");
}

static void await_reset(struct usb_host *host)
{
    ask(host, check_reset);
}

static void pause_for_reset(struct usb_host *host)
{
    usb_pause(host, RESET_POLL_MS, await_reset);
}

static void reset(struct usb_host *host)
{
    host->polls = 0;
    if (host->parent) {
        tell_hub(host, SET_FEATURE, FEATURE_RESET, pause_for_reset);
        return;
    }
    ask_root(host);
    /* A super-speed port comes up enabled by itself: "Port Status and Control Register". */
    if (!(host->status & STATUS_SUPER_SPEED && host->status & STATUS_ENABLED))
        xhci_port_set(&host->xhci, host->port, PORT_RESET);
    pause_for_reset(host);
}

static void look_at(struct usb_host *host, uint8_t parent, unsigned port)
{
    host->parent = parent;
    host->port = (uint8_t)port;
    ask(host, looked);
}

/* Now and then without an event, too: one that got lost must not cost a keyboard. Bound: 255 ports, a register each. */
static void scan(struct usb_host *host)
{
    if (host->now_ns < host->scan_ns)
        return;
    host->scan_ns = host->now_ns + SCAN_NS;
    for (unsigned port = 1; port <= host->xhci.ports; port++)
        if (xhci_port(&host->xhci, port) & PORT_CONNECT_CHANGE)
            mark(host->root_changed, port, true);
}

/* Beginning behind the last one. Bound: all ports, 255 at most, three registers each: 1 ms where one takes 1 us. */
static bool look_at_roots(struct usb_host *host)
{
    for (unsigned i = 0; i < host->xhci.ports && host->busy == USB_IDLE; i++) {
        host->last_root = (uint8_t)(host->last_root % host->xhci.ports + 1);
        if (!is_marked(host->root_changed, host->last_root))
            continue;
        mark(host->root_changed, host->last_root, false);
        look_at(host, 0, host->last_root);
    }
    return host->busy != USB_IDLE;
}

/* The first behind the last one, in rounds. */
static unsigned next_port(const struct usb_device *hub, uint32_t ports)
{
    uint32_t behind = ports & ~((2u << hub->hub_last_port) - 1);

    return (unsigned)__builtin_ctz(behind ? behind : ports);
}

/* Beginning behind the last hub. Bound: USB_DEVICES_MAX; one port is looked at. */
static bool look_at_hubs(struct usb_host *host)
{
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++) {
        host->last_hub = (uint8_t)((host->last_hub + 1) % USB_DEVICES_MAX);
        struct usb_device *hub = host->devices[host->last_hub];
        uint32_t ports = hub && hub->is_ready ? hub->hub_changed & usb_hub_ports(hub) : 0;
        if (!ports)
            continue;
        hub->hub_last_port = (uint8_t)next_port(hub, ports);
        hub->hub_changed &= ~(1u << hub->hub_last_port);
        look_at(host, hub->slot, hub->hub_last_port);
        return true;
    }
    return false;
}

/* In turns: a port which always has something new, by a bad cable, keeps no other waiting for more than one chain. */
bool usb_port_work(struct usb_host *host)
{
    scan(host);
    host->hubs_first = !host->hubs_first;
    if (host->hubs_first)
        return look_at_hubs(host) || look_at_roots(host);
    return look_at_roots(host) || look_at_hubs(host);
}
