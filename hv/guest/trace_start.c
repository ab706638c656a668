/*
 * trace_start.c - tracing begins.
 */
#include <stddef.h>

#include "cpu/cpu.h"
#include "guest/guest.h"
#include "guest/trace.h"
#include "pagetable/vmap.h"

bool trace_enable(struct guest *guest)
{
    if (guest->kind != &guest_pebpeb)
        return false;
    if (guest->trace == NULL)
        guest->trace = vmap_alloc(sizeof(*guest->trace));
    if (guest->trace == NULL)
        return false;
    if (guest->trace->is_on)
        return true;
    if (guest->trace->limit == 0)
        guest->trace->limit = TRACE_PAGES * TRACE_PAGE_RECORDS;
    guest->trace->seen_events = events_count(&guest->events);
    guest->trace->is_user = guest_is_user(guest);
    guest->trace->is_on = true;
    cpu_watch(CPU_WATCH_ALL);
    return true;
}
