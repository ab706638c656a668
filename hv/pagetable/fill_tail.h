/*
 * fill_tail.h - the seldom endings of a hidden fault that fill_known.h serves from the region cache (PURE). They are in
 * another file so that the compiler jumps to them for their result, and the hot path has nothing to save before.
 */
#ifndef PAGETABLE_FILL_TAIL_H
#define PAGETABLE_FILL_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/gspace.h"

/* The leaf of this address was another before: drop it from the TLB. GFAULT_FILLED. */
enum gfault fill_tail_flush(struct gspace *space, gva_t address);

/* Two other leaves map the page writable, or did: record this one too; flush unless before is 0. GFAULT_FILLED. */
enum gfault fill_tail_shared(struct gspace *space, struct gframe *page, uint32_t record, gva_t address,
                             uint64_t before);

#endif
