/*
 * family_walk.c - who is below a guest, one after the other (PURE).
 */
#include "guest/family.h"

#include <stddef.h>

#include "guest/guest.h"

/* Bound: HV_CHILDREN_MAX, and HV_DEPTH_MAX. */
struct guest *family_next(const struct guest *top, struct guest *guest)
{
    struct child *child = guest->family.children;

    for (;;) {
        while (child != NULL && child->guest == NULL)
            child = child->next;
        if (child != NULL)
            return child->guest;
        if (guest == top)
            return NULL;
        child = guest->family.record->next;
        guest = guest->family.parent;
    }
}
