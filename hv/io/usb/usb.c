/*
 * usb.c - the controllers that PCI has: which are driven, which are only told of, and when to look at them.
 *
 * Controllers are polled, without interrupts: docs/usb.md says why. How often depends on what can come: while a chain
 * is under way its next step, with a keyboard a person's typing, with none at most a plug. A machine without a USB
 * keyboard so wakes up twice a second for USB, and one without a controller never.
 */
#include "io/usb/usb.h"

#include <stddef.h>

#include "base/format.h"
#include "base/frames.h"
#include "base/log.h"
#include "base/string.h"
#include "io/pci.h"
#include "io/pci_function.h"
#include "io/usb/usb_host.h"
#include "io/usb/usb_routing.h"

#define HOSTS_MAX 4                     /* and so of each loop over them */
#define INTERFACE_XHCI 0x30             /* PCI Code and ID Assignment: programming interfaces of USB controllers */
#define BUSY_NS (2 * NS_PER_MS)
#define KEYBOARD_NS (10 * NS_PER_MS)
#define HOT_PLUG_NS (500 * NS_PER_MS)
#define COMPLAINT_NS (5000 * NS_PER_MS)

static struct usb_host *hosts[HOSTS_MAX];
static unsigned host_count;
static uint64_t next_ns = UINT64_MAX, complaint_ns;     /* complaint_ns: say that there is no keyboard; 0: said */

static const char *interface_name(uint8_t interface)
{
    switch (interface) {
    case 0x00: return "UHCI";
    case 0x10: return "OHCI";
    case 0x20: return "EHCI";
    case INTERFACE_XHCI: return "xHCI";
    default: return "controller";
    }
}

/* NULL, or why not. From here on the controller is ours. */
static const char *open_host(struct usb_host *host, const struct usb_platform *platform, uint64_t now_ns)
{
    uint64_t physical = pci_memory(host->function);
    void *mmio = physical ? platform->map(physical, XHCI_MMIO_BYTES) : NULL;

    if (!mmio)
        return "its registers are not mapped";
    const char *why = xhci_probe(&host->xhci, mmio);
    if (why)
        return why;
    if (!xhci_allocate(&host->xhci))
        return host->xhci.why;
    memset(host->root_changed, 0xFF, sizeof(host->root_changed));
    xhci_take_over(&host->xhci, now_ns);
    return NULL;
}

static void add_host(const struct usb_platform *platform, uint32_t function, const char *place, uint64_t now_ns)
{
    hpa_t frame = host_count < HOSTS_MAX ? frames_alloc() : HPA_NONE;
    const char *why = "no room for one more";

    if (frame.v) {
        struct usb_host *host = memset(hpa_to_ptr(frame), 0, sizeof(*host));
        host->function = function;
        memcpy(host->place, place, sizeof(host->place));
        why = open_host(host, platform, now_ns);
        if (!why) {
            log_info("USB: xHCI %s, %u ports", place, host->xhci.ports);
            hosts[host_count++] = host;
            return;
        }
        frames_free(frame);
    }
    log_warn("USB: xHCI %s cannot be used: %s", place, why);
}

/* Bound: the functions that PCI has room to keep, of which each search passes over all; once, as the machine starts. */
void usb_init(const struct usb_platform *platform, uint64_t now_ns)
{
    const struct pci_function *function;
    unsigned i = 0;

    for (; (function = pci_find(PCI_CLASS_USB, i)) != NULL; i++) {
        char place[PCI_NAME_BYTES];
        pci_name(function->place, place);
        if (function->interface == INTERFACE_XHCI)
            add_host(platform, function->place, place, now_ns);
        else
            log_info("USB: %s %s is not supported: a keyboard there types if the firmware shows it as PS/2",
                     interface_name(function->interface), place);
    }
    if (host_count != 0)
        next_ns = now_ns;
    if (!platform->have_ps2 && host_count != 0)
        complaint_ns = now_ns + COMPLAINT_NS;
    else if (!platform->have_ps2)
        log_warn("no keyboard: no PS/2 controller, %s; type on the serial line",
                 i != 0 ? "and no USB controller that is supported" : "no USB controller");
}

static bool has_keyboard(const struct usb_host *host)
{
    for (unsigned i = 0; i < USB_DEVICES_MAX; i++)
        if (host->devices[i] && host->devices[i]->is_ready && host->devices[i]->configuration.kind == USB_KEYBOARD)
            return true;
    return false;
}

static void poll_host(struct usb_host *host, uint64_t now_ns)
{
    enum xhci_state before = host->xhci.state;

    host->now_ns = now_ns;
    if (before == XHCI_RUNNING) {
        usb_host_poll(host);
    } else {
        xhci_advance(&host->xhci, now_ns);
        /*
         * Only from here on may the controller write to memory by itself: until it had halted it would have used the
         * firmware's rings, in memory that is somebody else's by now.
         */
        if (before == XHCI_HALTING && host->xhci.state == XHCI_RESETTING)
            pci_set_mastering(host->function, true);
        /* Not before: while it may still fail, a keyboard at a switched port is the firmware's. */
        if (host->xhci.state == XHCI_RUNNING && usb_route_ports(host->function))
            log_info("USB: xHCI %s takes the ports that it shares with EHCI", host->place);
        if (host->xhci.state == XHCI_FAILED)
            log_warn("USB: xHCI %s cannot be used: %s", host->place, host->xhci.why);
    }
    /* Whatever state it is in, it must not write to memory that is given back. */
    if (host->xhci.state == XHCI_FAILED)
        pci_set_mastering(host->function, false);
}

static uint64_t next_of(const struct usb_host *host, uint64_t now_ns)
{
    if (host->xhci.state != XHCI_RUNNING || host->busy != USB_IDLE)
        return now_ns + BUSY_NS;
    return now_ns + (has_keyboard(host) ? KEYBOARD_NS : HOT_PLUG_NS);
}

/* Once, when there has been time enough to find one. */
static void complain(uint64_t now_ns)
{
    unsigned keyboards = 0, others = 0;

    if (complaint_ns == 0 || now_ns < complaint_ns)
        return;
    complaint_ns = 0;
    for (unsigned i = 0; i < host_count; i++) {
        keyboards += has_keyboard(hosts[i]);
        others += hosts[i]->others;
    }
    if (keyboards == 0)
        log_warn("no keyboard: no PS/2 controller, and on xHCI only %u other devices; plug one in, or type on the "
                 "serial line", others);
}

void usb_poll(uint64_t now_ns)
{
    if (now_ns < next_ns)
        return;
    next_ns = UINT64_MAX;
    for (unsigned i = 0; i < host_count; i++) {
        if (hosts[i]->xhci.state == XHCI_FAILED)
            continue;
        poll_host(hosts[i], now_ns);
        uint64_t at_ns = next_of(hosts[i], now_ns);
        next_ns = at_ns < next_ns ? at_ns : next_ns;
    }
    complain(now_ns);
}

static void describe_host(const struct usb_host *host, char *line, size_t bytes)
{
    const char *state = host->xhci.state == XHCI_RUNNING ? "runs" : host->xhci.state == XHCI_FAILED ? "has failed" :
                        "is being taken over";
    format_string(line, bytes, "xHCI %s %s, %u ports, %u other devices", host->place, state, host->xhci.ports,
                  host->others);
}

static void describe_device(const struct usb_device *device, char *line, size_t bytes)
{
    const char *kind = device->configuration.kind == USB_KEYBOARD ? "keyboard" :
                       device->configuration.kind == USB_HUB ? "hub" : "device";
    size_t used = format_string(line, bytes, "%04x:%04x %s%s, port %u", device->vendor, device->product, kind,
                                device->is_ready ? "" : " (not ready)", device->root_port);
    if (device->parent != 0 && used < bytes)
        format_string(line + used, bytes - used, ", hub port %u", device->port);
}

/* Bound: as usb_init. */
static bool describe_undriven(unsigned index, char *line, size_t bytes)
{
    const struct pci_function *function;
    char place[PCI_NAME_BYTES];

    for (unsigned i = 0; (function = pci_find(PCI_CLASS_USB, i)) != NULL; i++) {
        if (function->interface == INTERFACE_XHCI || index-- != 0)
            continue;
        pci_name(function->place, place);
        format_string(line, bytes, "%s %s is not driven", interface_name(function->interface), place);
        return true;
    }
    return false;
}

bool usb_describe(unsigned index, char *line, size_t bytes)
{
    for (unsigned i = 0; i < host_count; i++) {
        if (index-- == 0) {
            describe_host(hosts[i], line, bytes);
            return true;
        }
        for (unsigned j = 0; j < USB_DEVICES_MAX; j++) {
            if (!hosts[i]->devices[j] || index-- != 0)
                continue;
            describe_device(hosts[i]->devices[j], line, bytes);
            return true;
        }
    }
    return describe_undriven(index, line, bytes);
}

uint64_t usb_next_ns(void)
{
    return next_ns;
}

uint64_t usb_frames_held(void)
{
    return usb_device_frames;
}

int usb_read(void)
{
    return hid_events_take(&usb_events);
}

void usb_set_leds(bool num, bool caps)
{
    usb_leds = (uint8_t)((num ? 1 : 0) | (caps ? 2 : 0));
    if (host_count != 0)
        next_ns = 0;
}
