/*
 * events.c - the table of C handlers behind the 256 entry points of event_entry.S.
 */
#include <stddef.h>

#include "event_frame.h"
#include "events.h"
#include "hv.h"

extern const uint8_t event_entries[];
void event_dispatch(struct event *event);

static event_handler *handlers[HV_IDT_SLOTS];

void event_handle(uint32_t slot, event_handler *handler, bool privileged)
{
    if (handler == NULL) {
        hv_setidt(slot, 0, 0);
        handlers[slot] = NULL;
        return;
    }
    handlers[slot] = handler;
    hv_setidt(slot, (uint32_t)(uintptr_t)event_entries + slot * EVENT_ENTRY_BYTES, privileged);
}

uint32_t event_interrupted_esp(const struct event *event)
{
    return event->mode == HV_MODE_USER ? event->user_esp : (uint32_t)(uintptr_t)&event->user_esp;
}

/* Called by event_entry.S. */
void event_dispatch(struct event *event)
{
    handlers[event->slot](event);
    /* The way back is built on the stack: nothing may be delivered meanwhile. */
    hv_disable_interrupts();
}
