/*
 * slots.h - virtually contiguous memory for the few things larger than a frame: one slot of up to 128 KiB each.
 */
#ifndef PAGETABLE_SLOTS_H
#define PAGETABLE_SLOTS_H

#include <stddef.h>

#define SLOTS_COUNT 256
#define SLOT_BYTES 0x20000u

/* Make the page tables, once, after hvmap_init. */
void slots_init(void);

/* Zeroed memory of at least bytes (at most SLOT_BYTES), page-aligned; NULL when slots or frames are out. */
void *slots_alloc(size_t bytes);
/* Give it and its frames back. */
void slots_free(void *memory);

#endif
