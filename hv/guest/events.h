/*
 * events.h - the last virtual events of a guest, for crash reports: a small ring, cheap enough for hot paths.
 */
#ifndef GUEST_EVENTS_H
#define GUEST_EVENTS_H

#include <stdint.h>

#define GUEST_EVENTS 16             /* a power of two */
#define GUEST_EVENT_CALL 0x100u     /* kind: hypercall number + this; below: the vIDT slot that was delivered */

struct guest_event {
    uint32_t kind;
    uint32_t eip;                   /* what was interrupted, or the INT's own address */
    uint32_t detail;                /* fault address of a #PF, key word, else error code; a call's first word */
};

struct guest_events {
    uint32_t count;                 /* ever recorded; wraps */
    struct guest_event ring[GUEST_EVENTS];
};

/* Record one event over the oldest. */
static inline void events_record(struct guest_events *events, uint32_t kind, uint32_t eip, uint32_t detail)
{
    struct guest_event *event = &events->ring[events->count++ % GUEST_EVENTS];
    event->kind = kind;
    event->eip = eip;
    event->detail = detail;
}

#endif
