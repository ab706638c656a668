/*
 * usb_host.h - a controller with its devices, and the one piece of work that is under way on it.
 *
 * Nothing waits. A piece of work is a chain of steps: a step asks for a command, a control transfer or a pause, and
 * names the step that goes on when that is over, well or badly (host->code). Each of them ends in bounded time: what
 * the controller does not answer is given up. One chain at a time, so that only one device has address 0.
 */
#ifndef IO_USB_USB_HOST_H
#define IO_USB_USB_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "io/pci_function.h"
#include "io/usb/hid_keyboard.h"
#include "io/usb/usb_descriptor.h"
#include "io/usb/xhci.h"

#define USB_DEVICES_MAX 16          /* a controller; hubs count */
#define USB_PIPE_DEPTH 4            /* reports that a device can bring between two looks */
#define USB_PIPE_TRBS 17            /* USB_PIPE_DEPTH divides those that are not the link */
#define USB_REPORT_BYTES 64
#define USB_HUB_PORTS_MAX 31
#define USB_DEPTH_MAX 5             /* hubs in a row: "USB 2.0 Bus Topology" */
#define NS_PER_MS 1000000ull

struct usb_pipe {
    struct usb_endpoint endpoint;
    struct xhci_ring ring;
    uint8_t dci;                    /* "Device Context Index" */
    uint8_t oldest;                 /* index of the TRB that the next event must be of */
    uint8_t errors;                 /* in a row */
    bool halted;                    /* to be set going again */
    bool is_dead;
    uint8_t bytes;                  /* asked for */
    uint8_t leds;                   /* that it was told */
    struct hid_keyboard keyboard;
};

struct usb_device {
    bool is_ready, is_gone;         /* its pipes run; it is to be forgotten */
    uint8_t slot, parent, port;     /* parent: slot of the hub, 0: a root port */
    uint8_t root_port, depth, speed;
    uint8_t tt_slot, tt_port;       /* the high-speed hub that speaks to it; 0: none */
    uint32_t route;                 /* "Route String" */
    uint16_t max_packet, vendor, product;
    struct usb_configuration configuration;
    struct xhci_ring control;
    struct usb_pipe pipes[USB_PIPES_MAX];
    uint8_t hub_ports, hub_think_time, hub_last_port;   /* that was looked at last */
    uint32_t hub_changed, hub_ignored;  /* by port: to be looked at; what is there is of no use */
};

/* All that a device needs, in one frame: the controller writes to the first member and to the reports. */
struct usb_memory {
    uint8_t context[2048];
    uint8_t reports[USB_PIPES_MAX][USB_PIPE_DEPTH][USB_REPORT_BYTES];
    struct xhci_trb control[16];
    struct xhci_trb pipes[USB_PIPES_MAX][USB_PIPE_TRBS];
    struct usb_device device;
};
_Static_assert(sizeof(struct usb_memory) <= PAGE_SIZE, "a frame");

struct usb_host;
typedef void (*usb_step)(struct usb_host *host);

struct usb_host {
    struct xhci xhci;
    char place[PCI_NAME_BYTES];     /* bb:dd.f */
    uint32_t function;              /* its place on the PCI bus */
    uint64_t now_ns;
    struct usb_device *devices[USB_DEVICES_MAX];
    uint8_t root_ignored[32], root_changed[32];     /* by port, as of a hub */
    uint64_t scan_ns;               /* when to look at all root ports, whatever the events say */
    uint8_t last_root, last_hub;    /* port, and index of the hub, that was looked at last */
    uint8_t last_pipe;              /* that was worked on: of all devices */
    bool hubs_first, ports_first;   /* next time */
    unsigned others;                /* devices seen that are no keyboard and no hub */

    enum { USB_IDLE, USB_COMMAND, USB_CONTROL, USB_PAUSE } busy;
    hpa_t command;                  /* whose event ends it */
    uint64_t deadline_ns;
    usb_step then, after_recovery, after_drop, after_setup;
    uint8_t code;                   /* how it ended */
    uint8_t slot;                   /* of an event: what Enable Slot gave */
    uint8_t control_code;           /* of the transfer, while its endpoint is set going again */

    usb_step device_over;           /* usb_device_begin's; what it finds: */
    enum { USB_IN_USE, USB_NO_USE, USB_FAILED } outcome;
    const char *why;                /* it failed */
    bool is_set_up;                 /* after_setup finds it so */

    struct usb_device *device;      /* that the chain is about */
    struct usb_pipe *pipe;
    uint8_t parent, port;           /* slot of the hub, or 0; its port */
    uint8_t speed, tries, polls, index;
    uint16_t status, change;        /* of the port, as hubs tell them */
};

extern struct hid_events usb_events;
extern uint64_t usb_device_frames;  /* of all controllers, with those that are lost */
extern uint8_t usb_leds;            /* that keyboards are to show: HID 1.11 "LED" bits, Num 1, Caps 2 */

/* Ports of a hub, as bits of hub_changed: all of them. */
static inline uint32_t usb_hub_ports(const struct usb_device *hub)
{
    return (uint32_t)((2ull << hub->hub_ports) - 2);
}

/* The files from here on: each uses only those above it, which end by the step that they were given. */

/* usb_chain.c: devices by slot and by place. */
struct usb_device *usb_find_slot(const struct usb_host *host, uint8_t slot);
struct usb_device *usb_find_port(const struct usb_host *host, uint8_t parent, uint8_t port);

/* What a step may ask for, once. setup: USB_SETUP; what it brings is in host->xhci.shared->buffer, behind it zeros. */
void usb_command(struct usb_host *host, uint64_t parameter, uint32_t control, usb_step then);
void usb_control(struct usb_host *host, struct usb_device *device, uint64_t setup, usb_step then);
void usb_pause(struct usb_host *host, unsigned ms, usb_step then);
#define USB_SETUP(type, request, value, index, length)                                                      \
    ((uint64_t)(type) | (uint64_t)(request) << 8 | (uint64_t)(value) << 16 | (uint64_t)(index) << 32 |      \
     (uint64_t)(length) << 48)
#define USB_SETUP_LENGTH(setup) ((uint32_t)((setup) >> 48))
static inline bool usb_went_well(const struct usb_host *host)
{
    return host->code == CODE_SUCCESS || host->code == CODE_SHORT;
}

/* An event of a control endpoint, or of the command ring: it may be what the chain waits for. */
#define USB_CONTROL_DCI 1
void usb_chain_transfer(struct usb_host *host, const struct usb_device *device, const struct xhci_trb *event);
void usb_chain_command(struct usb_host *host, const struct xhci_trb *event);
/* What waits for too long is given up, and the chain goes on. False: it was a command, and the controller is lost. */
bool usb_chain_deadline(struct usb_host *host);

/* usb_pipe.c: reports. */
void usb_pipe_open(struct usb_device *device, unsigned index);
void usb_pipe_start(struct usb_host *host, struct usb_device *device, struct usb_pipe *pipe);
void usb_pipe_event(struct usb_host *host, struct usb_device *device, const struct xhci_trb *event);
bool usb_pipe_work(struct usb_host *host);
void usb_pipe_repeat(struct usb_host *host);

/* usb_setup.c: its configuration has been read; bring it into use. Then after, with host->is_set_up. */
void usb_setup_begin(struct usb_host *host, usb_step after);

/*
 * usb_device.c: give what has been reset at host->parent, host->port an address, find out what it is, and bring it into
 * use. Then over, with host->outcome.
 */
void usb_device_begin(struct usb_host *host, usb_step over);
/* It is gone, with all that hangs on it: keys come up now, its slot and memory are given back by a chain. */
void usb_device_leaves(struct usb_host *host, struct usb_device *device);
bool usb_forget_work(struct usb_host *host);

/* usb_port.c: a port says that something changed. True: a chain has begun. */
bool usb_port_work(struct usb_host *host);

/* usb_host.c: take the controller's events, see to deadlines, go on with the chain or begin one: a bounded while. */
void usb_host_poll(struct usb_host *host);

/* usb_context.c: what the controller is told of a device, in host->xhci.input. */
void usb_context_address(struct usb_host *host, const struct usb_device *device);
void usb_context_max_packet(struct usb_host *host, const struct usb_device *device);
void usb_context_pipes(struct usb_host *host, const struct usb_device *device);
void usb_context_hub(struct usb_host *host, const struct usb_device *device);

#endif
