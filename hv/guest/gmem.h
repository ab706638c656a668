/*
 * gmem.h - the one door to guest memory: everything the hypervisor reads or writes there goes through it.
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

struct guest;

/*
 * Copy with guest-kernel rights. On false, *bad (may be NULL) is the first address that failed; earlier bytes were
 * copied.
 */
MUST_CHECK bool gmem_read(struct guest *guest, gva_t from, void *to, size_t bytes, gva_t *bad);
MUST_CHECK bool gmem_write(struct guest *guest, gva_t to, const void *from, size_t bytes, gva_t *bad);
MUST_CHECK bool gmem_read_u32(struct guest *guest, gva_t from, uint32_t *value);
MUST_CHECK bool gmem_write_u32(struct guest *guest, gva_t to, uint32_t value);

#endif
