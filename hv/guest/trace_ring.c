/*
 * trace_ring.c - the records of one guest: a ring whose pages come as it fills (PURE).
 */
#include <stddef.h>

#include "base/frames.h"
#include "guest/trace.h"
#include "pagetable/vmap.h"

struct trace_record *trace_at(const struct trace *trace, uint64_t number)
{
    uint64_t index = number % trace->limit;

    return &trace->pages[index / TRACE_PAGE_RECORDS][index % TRACE_PAGE_RECORDS];
}

/* The record to come begins another page. Without one, the ring stays as large as it is. */
static void take_record_page(struct trace *trace)
{
    hpa_t frame = frames_alloc();

    if (frame.v == 0)
        trace->limit = trace->made;
    else
        trace->pages[trace->made / TRACE_PAGE_RECORDS] = hpa_to_ptr(frame);
}

void trace_keep(struct trace *trace, const struct trace_record *record)
{
    if (trace->made < trace->limit && trace->made % TRACE_PAGE_RECORDS == 0)
        take_record_page(trace);
    if (trace->limit != 0)
        *trace_at(trace, trace->made++) = *record;
}

/* Bound: TRACE_PAGES. */
void trace_free(struct trace *trace)
{
    for (unsigned page = 0; page < TRACE_PAGES && trace->pages[page] != NULL; page++)
        frames_free(ptr_to_hpa(trace->pages[page]));
    vmap_free(trace);
}
