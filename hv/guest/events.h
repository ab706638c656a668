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
    uint32_t detail;                /* fault address of a #PF, key word, else error code; a call's first word */
    uint32_t eip;                   /* what was interrupted, or the INT's own address; a call's: after its INT */
    uint32_t unused;                /* 16 bytes: lean.S finds a record with one AND */
};

struct guest_events {
    uint64_t next_bytes;            /* records ever made, times the size of one */
    struct guest_event ring[GUEST_EVENTS];
};

static inline uint64_t events_count(const struct guest_events *events)
{
    return events->next_bytes / sizeof(struct guest_event);
}

/* The last one; all zero when there was none. */
static inline const struct guest_event *events_newest(const struct guest_events *events)
{
    return &events->ring[(events_count(events) - 1) % GUEST_EVENTS];
}

/* Record one event over the oldest. */
static inline void events_record(struct guest_events *events, uint32_t kind, uint32_t eip, uint32_t detail)
{
    struct guest_event *event = &events->ring[events_count(events) % GUEST_EVENTS];
    events->next_bytes += sizeof(*event);
    event->kind = kind;
    event->eip = eip;
    event->detail = detail;
}

/* Take the last record back: what it says did not happen. */
static inline void events_forget(struct guest_events *events)
{
    events->next_bytes -= sizeof(struct guest_event);
}

#endif
