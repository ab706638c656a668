/*
 * trace.c - a ring of the last events, for panics (PURE).
 */
#include "base/trace.h"

#include <stddef.h>

struct trace trace;

void trace_switch(bool on)
{
    trace.on = on;
}

const struct trace_event *trace_get(uint32_t age)
{
    if (age >= TRACE_EVENTS)
        return NULL;
    const struct trace_event *event = &trace.events[(trace.count - 1 - age) % TRACE_EVENTS];
    return event->kind != NULL ? event : NULL;
}
