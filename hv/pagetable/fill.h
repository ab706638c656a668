/*
 * fill.h - the hidden fault in full (PURE): docs/shadow.md.
 */
#ifndef PAGETABLE_FILL_H
#define PAGETABLE_FILL_H

#include <stdint.h>

#include "pagetable/gspace.h"

/* Walk the guest's tables, and map what they allow; with paging on. As gspace_fault. */
enum gfault fill_walked(struct gspace *space, gva_t address, uint32_t access);

#endif
