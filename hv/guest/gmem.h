/*
 * gmem.h - the one door to guest memory: everything the hypervisor reads or writes there goes through it.
 *
 * What is not mapped yet is filled on the way, as for the guest itself: trap.c answers the page fault, or remembers in
 * guest->refused why it could not. Which function was called says what follows from an entry that ends guests (PDE.PS,
 * a frame outside RAM), or from want of memory: a read, write or push ends the guest, and then fails; a peek only
 * fails, as do the accesses of lean.S and its like, which start over in C.
 *
 * The guest must be the one whose address space is loaded. Addresses are guest-virtual; an access that the guest kernel
 * could not make itself fails, with the first bad address, and changes nothing for the hypervisor.
 */
#ifndef GUEST_GMEM_H
#define GUEST_GMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "cpu/cpu.h"
#include "pagetable/gspace.h"

struct guest;

/*
 * The last access of the hypervisor for this guest failed: end it, if that was for a reason that ends guests. False,
 * for the caller to return.
 */
bool gmem_refused(struct guest *guest);

/*
 * Copy with guest-kernel rights. On false, *bad (may be NULL) is the first address that failed; earlier bytes were
 * copied.
 */
MUST_CHECK bool gmem_read(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad);
/* gmem_peek.c: the same, but what would end the guest only fails: for reports and decoding. */
MUST_CHECK bool gmem_peek(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad);
MUST_CHECK bool gmem_write(struct guest *guest, gva_t to, const void *from, size_t bytes, gva_t *bad);
/* The same without a word about where it failed, for who starts over in C. */
MUST_CHECK static inline bool gmem_copy(const struct gspace *space, gva_t from, void *to, size_t bytes)
{
    return copy_with_fixup(to, (const void *)gspace_linear(space, from), bytes) == 0;
}
/*
 * Push an event frame, as three pairs of words; unless six, without the last word. False: only some may be
 * stored, and the caller, who knows the guest, calls gmem_refused.
 */
MUST_CHECK static inline bool gmem_push(const struct gspace *space, gva_t to, uint64_t first, uint64_t second,
                                        uint64_t third, bool six)
{
    return push_with_fixup((void *)gspace_linear(space, to), first, second, third, six);
}

MUST_CHECK bool gmem_write_u32(struct guest *guest, gva_t to, uint32_t value);

/* End the guest for a bad page-table entry, or for want of memory: GFAULT_BAD_ENTRY, GFAULT_NO_MEMORY at address. */
void gmem_end(struct guest *guest, gva_t address, enum gfault fault);

#endif
