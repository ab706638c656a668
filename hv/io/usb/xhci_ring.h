/*
 * xhci_ring.h - rings of Transfer Request Blocks between software and the controller (PURE).
 *
 * xHCI specification 1.2, "TRB Ring" and "Transfer Request Block". The cycle bit of each says whose it is.
 */
#ifndef IO_USB_XHCI_RING_H
#define IO_USB_XHCI_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct xhci_trb {
    uint64_t parameter;
    uint32_t status, control;
};
_Static_assert(sizeof(struct xhci_trb) == 16, "the controller's");

#define TRB_CYCLE 1u
#define TRB_INTERRUPT_ON_SHORT (1u << 2)
#define TRB_INTERRUPT (1u << 5)         /* on completion */
#define TRB_IMMEDIATE (1u << 6)
#define TRB_DIRECTION_IN (1u << 16)
#define TRB_TYPE(type) ((uint32_t)(type) << 10)
#define TRB_TYPE_OF(control) ((control) >> 10 & 0x3F)
#define TRB_SLOT(slot) ((uint32_t)(slot) << 24)
#define TRB_SLOT_OF(control) ((uint8_t)((control) >> 24))
#define TRB_ENDPOINT(dci) ((uint32_t)(dci) << 16)
#define TRB_ENDPOINT_OF(control) ((control) >> 16 & 0x1F)
#define TRB_CODE_OF(status) ((uint8_t)((status) >> 24))
#define TRB_RESIDUE_OF(status) ((status) & 0xFFFFFF)

/* "TRB Types". */
enum {
    TRB_NORMAL = 1, TRB_SETUP = 2, TRB_DATA = 3, TRB_STATUS = 4, TRB_LINK = 6, TRB_ENABLE_SLOT = 9,
    TRB_DISABLE_SLOT = 10, TRB_ADDRESS_DEVICE = 11, TRB_CONFIGURE_ENDPOINT = 12, TRB_EVALUATE_CONTEXT = 13,
    TRB_RESET_ENDPOINT = 14, TRB_STOP_ENDPOINT = 15, TRB_SET_DEQUEUE = 16,
    TRB_TRANSFER_EVENT = 32, TRB_COMMAND_EVENT = 33, TRB_PORT_EVENT = 34,
};

/* "TRB Completion Codes", those that make a difference. */
enum { CODE_SUCCESS = 1, CODE_SHORT = 13, CODE_STOPPED = 26, CODE_STOPPED_SHORT = 28, CODE_TIMEOUT = 0xFF };

/* One that software fills. The last TRB is a link to the first. */
struct xhci_ring {
    struct xhci_trb *trbs;
    uint16_t count, next;
    bool cycle;
};

/* count TRBs, zeroed, 64-byte aligned, in a page of the direct map. */
void xhci_ring_init(struct xhci_ring *ring, struct xhci_trb *trbs, unsigned count);

/* Hand one over; returns its address, by which the controller will name it. The caller never has more than fit. */
hpa_t xhci_ring_put(struct xhci_ring *ring, uint64_t parameter, uint32_t status, uint32_t control);

/* Where the next one will be, with the cycle bit it will have, as contexts and Set TR Dequeue Pointer want it. */
uint64_t xhci_ring_dequeue(const struct xhci_ring *ring);

/* Which TRB has this address: its index, or -1 if it is none of this ring's. */
int xhci_ring_index(const struct xhci_ring *ring, uint64_t address);

#endif
