/*
 * fill_touch.h - a hidden fault that fill_known.h cannot serve, though the walk is remembered (PURE). In a file of its
 * own for the reason that fill_tail.h gives.
 */
#ifndef PAGETABLE_FILL_TOUCH_H
#define PAGETABLE_FILL_TOUCH_H

#include <stdint.h>

#include "pagetable/gspace.h"

/*
 * The page lies outside RAM, is traced, or is not backed. The last is a first touch: a frame that is at hand is
 * taken, what is remembered of the region stays right, and the fault is served by it.
 */
enum gfault fill_touch(struct gspace *space, gva_t address, uint32_t access, const struct known_region *known);

#endif
