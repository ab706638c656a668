/*
 * xhci.h - one xHCI controller: taken over from the firmware, reset, given memory, started; then its commands, events
 * and root ports. It never waits: xhci_advance does a step, and each wait has an end.
 *
 * eXtensible Host Controller Interface for USB, specification 1.2; sections are cited by title.
 */
#ifndef IO_USB_XHCI_H
#define IO_USB_XHCI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "io/usb/xhci_ring.h"

#define XHCI_MMIO_BYTES 0x10000u    /* that are mapped; what lies beyond is refused */
#define XHCI_SLOTS_MAX 32
#define XHCI_BUFFER_BYTES 512

/* PORTSC, "Port Status and Control Register". */
#define PORT_RESET (1u << 4)
#define PORT_SPEED_OF(port) ((port) >> 10 & 0xF)
#define PORT_CONNECT_CHANGE (1u << 17)
#define PORT_CHANGES 0x00FE0000u
enum { SPEED_FULL = 1, SPEED_LOW = 2, SPEED_HIGH = 3, SPEED_SUPER = 4 };   /* and above: super as well */

enum xhci_state { XHCI_HAND_OFF, XHCI_HALTING, XHCI_RESETTING, XHCI_RUNNING, XHCI_FAILED };

/* The controller's shared memory that is not a ring: a page. */
struct xhci_shared {
    uint64_t contexts[256];                 /* "Device Context Base Address Array" */
    struct xhci_trb commands[64];
    uint64_t segment[8];                    /* "Event Ring Segment Table", one entry */
    uint8_t buffer[XHCI_BUFFER_BYTES];      /* what control transfers bring */
};
_Static_assert(sizeof(struct xhci_shared) <= PAGE_SIZE, "a frame");

struct xhci {
    void *mmio;
    uint32_t operational, doorbells, interrupter, legacy;  /* offsets; legacy 0: no hand-off */
    uint16_t scratchpads;
    uint8_t ports, slots, context_bytes;
    bool addresses_64;                      /* can write above 4 GiB */
    enum xhci_state state;
    const char *why;                        /* it failed; a whole clause */
    uint64_t deadline_ns;
    struct xhci_shared *shared;
    uint8_t *input;                         /* "Input Context", a page */
    struct xhci_ring commands;
    struct xhci_trb *events;                /* a page of them */
    uint16_t next_event;
    bool event_cycle;
};

/*
 * Read what the controller can do; touches nothing that the firmware may use. mmio: its first XHCI_MMIO_BYTES. NULL, or
 * why it cannot be driven.
 */
const char *xhci_probe(struct xhci *xhci, void *mmio);

/*
 * Ask for memory, a frame for each thing, and for the controller. False: why says what was wrong. Before anything is
 * taken from the firmware.
 */
bool xhci_allocate(struct xhci *xhci);

/* Ask the firmware for it: the first step, and xhci_advance does the others until the state is RUNNING or FAILED. */
void xhci_take_over(struct xhci *xhci, uint64_t now_ns);
void xhci_advance(struct xhci *xhci, uint64_t now_ns);

/* Halted, dead or gone: a running one that is no longer there. */
bool xhci_is_lost(struct xhci *xhci);
/* For good: it halts, if it still listens. */
void xhci_fail(struct xhci *xhci, const char *why);

/* A zeroed frame that the controller can reach; NULL: none. */
void *xhci_frame(const struct xhci *xhci);

/* Put a command on the ring and ring the doorbell; its address comes back in the event. */
hpa_t xhci_command(struct xhci *xhci, uint64_t parameter, uint32_t control);
void xhci_doorbell(struct xhci *xhci, uint8_t slot, uint8_t dci);

/* The next event. False: none now. */
bool xhci_event(struct xhci *xhci, struct xhci_trb *event);

/* Root ports count from 1. set: bits to write besides those that stay; ones in PORT_CHANGES clear them. */
uint32_t xhci_port(struct xhci *xhci, unsigned port);
void xhci_port_set(struct xhci *xhci, unsigned port, uint32_t set);

#endif
