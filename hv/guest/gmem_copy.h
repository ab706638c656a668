/*
 * gmem_copy.h - copy from and to guest memory through the guest's own mapping, with an exception table for what is not
 * there. For gmem.c and gmem_peek.c, which differ in what a failure means.
 *
 * No bounds check is needed: gva and the base of the segment are below 8 GiB together, and nothing is mapped from 4 GiB
 * up in any lower half.
 */
#ifndef GUEST_GMEM_COPY_H
#define GUEST_GMEM_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu/cpu.h"
#include "guest/guest.h"

static inline void *gmem_pointer(const struct guest *guest, gva_t address)
{
    return (void *)gspace_linear(&guest->space, address);
}

/* Report the first address that failed. True when nothing was left over. */
static inline bool gmem_copied_all(struct guest *guest, gva_t address, size_t bytes, size_t left, gva_t *bad)
{
    if (!left)
        return true;
    guest->fault_address = (uint32_t)(address.v + (bytes - left));
    if (bad)
        *bad = GVA(guest->fault_address);
    return false;
}

static inline bool gmem_copy_from(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad)
{
    return gmem_copied_all(guest, from, bytes, copy_with_fixup(to, gmem_pointer(guest, from), bytes), bad);
}

static inline bool gmem_copy_to(struct guest *guest, gva_t to, const void *from, size_t bytes, gva_t *bad)
{
    return gmem_copied_all(guest, to, bytes, copy_with_fixup(gmem_pointer(guest, to), from, bytes), bad);
}

#endif
