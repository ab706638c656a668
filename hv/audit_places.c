/*
 * audit_places.c - in the audit build: was a guest changed, and nobody stirred it (guest/stirred.h)?
 */
#include "audit_places.h"

#include "base/check.h"
#include "guest/guest.h"
#include "guest/sched.h"

void audit_places(const struct sched *sched)
{
    for (const struct guest *guest = guest_first(); guest; guest = guest->next) {
        if (!sched_has_place(sched, guest))
            panic("audit: guest %u %s, activity %u, paused %u, waits in a queue where it does not belong, or in none",
                  guest->life.id, guest->life.name, (unsigned)guest->life.activity, guest->life.paused);
    }
}
