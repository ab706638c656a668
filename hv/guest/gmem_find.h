/*
 * gmem_find.h - guest memory by the guest's own tables, without leaves and without taking a frame for what was never
 * touched, which reads as zeroes (PURE). Of any guest that has not ended, loaded or not.
 */
#ifndef GUEST_GMEM_FIND_H
#define GUEST_GMEM_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct guest;

/*
 * Where an address lies in the guest's RAM, whatever rights there are. False: nowhere, also where an entry is one that
 * ends the guest.
 */
bool gmem_find(const struct guest *guest, gva_t address, gpa_t *physical);

/* Bytes of one page of its RAM. */
void gmem_find_read(const struct guest *guest, gpa_t physical, uint8_t *to, uint32_t bytes);

/* Copy. False: *bad (may be NULL) is the first address that is nowhere; earlier bytes were copied. */
bool gmem_find_copy(const struct guest *guest, gva_t from, uint8_t *to, size_t bytes, gva_t *bad);

#endif
