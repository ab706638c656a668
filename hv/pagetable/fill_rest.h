/*
 * fill_rest.h - what the hot path of fill.c seldom needs (PURE). The functions end it: as they are in another file, the
 * compiler must jump to them for their result, and has nothing to save before.
 */
#ifndef PAGETABLE_FILL_REST_H
#define PAGETABLE_FILL_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/gspace.h"

/* The leaf of this address was another before: drop it from the TLB. GFAULT_FILLED. */
enum gfault fill_rest_flush(struct gspace *space, gva_t address);

/* Two other leaves map the page writable, or did: record this one too; flush unless before is 0. GFAULT_FILLED. */
enum gfault fill_rest_shared(struct gspace *space, struct gframe *page, uint32_t record, gva_t address,
                             uint64_t before);

#endif
