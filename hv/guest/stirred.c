/*
 * stirred.c - see stirred.h.
 */
#include "guest/stirred.h"

#include <stddef.h>

#include "guest/guest.h"

static struct guest *first_stirred;
static struct guest **stirred_end = &first_stirred;

void guest_stir(struct guest *guest)
{
    guest->stirring.was_seen = false;
    if (guest->stirring.link != NULL)
        return;
    guest->stirring.next = NULL;
    guest->stirring.link = stirred_end;
    *stirred_end = guest;
    stirred_end = &guest->stirring.next;
}

void guest_calm(struct guest *guest)
{
    struct guest_stirring *stirring = &guest->stirring;

    if (stirring->link == NULL)
        return;
    *stirring->link = stirring->next;
    *(stirring->next != NULL ? &stirring->next->stirring.link : &stirred_end) = stirring->link;
    stirring->link = NULL;
}

void guest_calm_if_seen(struct guest *guest)
{
    if (guest->stirring.was_seen)
        guest_calm(guest);
    else
        guest->stirring.was_seen = true;
}

struct guest *guest_first_stirred(void)
{
    return first_stirred;
}

struct guest *guest_next_stirred(const struct guest *guest)
{
    return guest->stirring.next;
}
