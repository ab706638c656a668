/*
 * trace.h - a ring of the last events, for panics (PURE). Off by default: it costs time on hot paths.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#define TRACE_EVENTS 64     /* a power of two */

struct trace_event {
    uint64_t tsc;
    const char *kind;       /* a string literal, "hypercall" for example */
    uint64_t a, b;          /* what it means depends on kind */
};

struct trace {
    bool on;
    uint32_t count;         /* events ever recorded; wraps */
    struct trace_event events[TRACE_EVENTS];
};
extern struct trace trace;

void trace_switch(bool on);

/* True when events are recorded: ask first, so that the time stamp is read only when it is wanted. */
static inline bool trace_is_on(void)
{
    return __builtin_expect(trace.on, false);
}

/* Record one event; the oldest is overwritten. */
static inline void trace_record(uint64_t tsc, const char *kind, uint64_t a, uint64_t b)
{
    trace.events[trace.count++ % TRACE_EVENTS] = (struct trace_event){ tsc, kind, a, b };
}

/* The event that is age events old (0: the newest), or NULL when there is none. */
const struct trace_event *trace_get(uint32_t age);

#endif
