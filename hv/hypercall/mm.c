/*
 * mm.c - hv_setpd and hv_adjustpg: paging, which this version of Cobble does not offer to guests.
 */
#include "guest/guest.h"
#include "hypercall/calls.h"

void call_setpd(struct guest *guest, const uint32_t *arguments)
{
    call_crash(guest, "hv_setpd(0x%08x, %u): this version of Cobble has no paging for guests", arguments[0],
               arguments[1]);
}

void call_adjustpg(struct guest *guest, const uint32_t *arguments)
{
    call_crash(guest, "hv_adjustpg(0x%08x): this version of Cobble has no paging for guests", arguments[0]);
}
