/*
 * fill_tail.h - the seldom endings of a hidden fault that fill.c serves from the region cache (PURE). They are in
 * another file so that the compiler jumps to them for their result, and the hot path has nothing to save before.
 */
#ifndef PAGETABLE_FILL_TAIL_H
#define PAGETABLE_FILL_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/gspace.h"

/* fill.c: look at everything. */
enum gfault fill_walked(struct gspace *space, gva_t address, uint32_t access);

/*
 * The page lies outside RAM, is traced, or is not backed. The last is a first touch: a frame that is at hand is
 * taken, what is remembered of the region stays right, and the fault is served by it.
 */
enum gfault fill_tail_not_plain(struct gspace *space, gva_t address, uint32_t access,
                                const struct known_region *known);

/* The leaf of this address was another before: drop it from the TLB. GFAULT_FILLED. */
enum gfault fill_tail_flush(struct gspace *space, gva_t address);

/* Two other leaves map the page writable, or did: record this one too; flush unless before is 0. GFAULT_FILLED. */
enum gfault fill_tail_shared(struct gspace *space, struct gframe *page, uint32_t record, gva_t address,
                             uint64_t before);

#endif
