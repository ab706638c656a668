/*
 * gmem_peek.c - look at guest memory without ending the guest for what is not there: report.c does so for one that is
 * just being ended, and gmem.c, which ends guests, has it written.
 */
#include "guest/gmem.h"
#include "guest/gmem_copy.h"
#include "guest/gmem_find.h"
#include "guest/guest.h"

/* Who is held gets no leaf and no frame: what is copied of it was counted before (ram_share.h). */
bool gmem_peek(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad)
{
    if (guest->life.paused & GUEST_PAUSED_BY_HOLD)
        return gmem_find_copy(guest, from, to, bytes, bad);
    return gmem_copy_from(guest, from, to, bytes, bad);
}
