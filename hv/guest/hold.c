/*
 * hold.c - see hold.h.
 */
#include "guest/hold.h"

#include <stddef.h>

#include "guest/guest.h"
#include "pagetable/audit.h"

void hold_begin(struct hold *hold, struct guest *guest)
{
    guest->life.paused |= GUEST_PAUSED_BY_HOLD;
    guest_stir(guest);
    *hold = (struct hold){ .guest = guest };
}

bool hold_drop_leaves(struct hold *hold, uint32_t *steps)
{
    return gspace_drop_leaves(&hold->guest->space, &hold->leaves, steps);
}

void hold_end(struct hold *hold)
{
    struct guest *guest = hold->guest;

    if (guest == NULL)
        return;
    if (guest->processor != NULL)
        gspace_load(&guest->space);     /* the TLB may have leaves that are gone */
    guest->life.paused &= (uint8_t)~GUEST_PAUSED_BY_HOLD;
    guest_stir(guest);
    audit_check(&guest->space);
    hold->guest = NULL;
}
