/*
 * call_life.c - hv_magic and hv_exit: is there a hypervisor, and the end.
 */
#include "guest/guest.h"
#include "hypercall/calls.h"

void call_magic(struct guest *guest, const uint32_t *arguments)
{
    (void)arguments;
    guest->state.frame.eax = HV_MAGIC;
}

void call_exit(struct guest *guest, const uint32_t *arguments)
{
    guest_end_exit(guest, (int32_t)arguments[0]);
}
