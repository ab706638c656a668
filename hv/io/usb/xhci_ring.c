/*
 * xhci_ring.c - fill a ring; the cycle bit goes in last, and turns at each round (PURE).
 *
 * The controller reads on as long as a TRB's cycle bit is what it expects, and expects the other one after each link.
 * So a TRB is handed over by the one store that has its cycle bit, and what it says must be in memory before.
 */
#include "io/usb/xhci_ring.h"

#define LINK_TOGGLE_CYCLE (1u << 1)

void xhci_ring_init(struct xhci_ring *ring, struct xhci_trb *trbs, unsigned count)
{
    *ring = (struct xhci_ring){ .trbs = trbs, .count = (uint16_t)count, .cycle = true };
}

static void write_trb(struct xhci_trb *trb, uint64_t parameter, uint32_t status, uint32_t control)
{
    trb->parameter = parameter;
    trb->status = status;
    __atomic_store_n(&trb->control, control, __ATOMIC_RELEASE);
}

hpa_t xhci_ring_put(struct xhci_ring *ring, uint64_t parameter, uint32_t status, uint32_t control)
{
    struct xhci_trb *trb = &ring->trbs[ring->next++];

    write_trb(trb, parameter, status, control | (ring->cycle ? TRB_CYCLE : 0));
    /* The link at the end is handed over like any other; its own cycle bit is still that of the round which it ends. */
    if (ring->next == ring->count - 1) {
        write_trb(&ring->trbs[ring->next], ptr_to_hpa(ring->trbs).v, 0,
                  TRB_TYPE(TRB_LINK) | LINK_TOGGLE_CYCLE | (ring->cycle ? TRB_CYCLE : 0));
        ring->next = 0;
        ring->cycle = !ring->cycle;
    }
    return ptr_to_hpa(trb);
}

uint64_t xhci_ring_dequeue(const struct xhci_ring *ring)
{
    return ptr_to_hpa(&ring->trbs[ring->next]).v | (ring->cycle ? TRB_CYCLE : 0);
}

int xhci_ring_index(const struct xhci_ring *ring, uint64_t address)
{
    uint64_t offset = address - ptr_to_hpa(ring->trbs).v;

    if (offset % sizeof(struct xhci_trb) != 0 || offset / sizeof(struct xhci_trb) >= ring->count)
        return -1;
    return (int)(offset / sizeof(struct xhci_trb));
}
