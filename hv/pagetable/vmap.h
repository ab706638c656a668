/*
 * vmap.h - virtually contiguous memory for the few things larger than a frame.
 */
#ifndef PAGETABLE_VMAP_H
#define PAGETABLE_VMAP_H

#include <stddef.h>

#define VMAP_PAGES 16384u       /* 64 MiB of addresses */

/* Make the directory that all roots share, once, after hvmap_init. */
void vmap_init(void);

/*
 * Zeroed, page-aligned memory of at least bytes (> 0); NULL when addresses or frames are out, those of page tables
 * included.
 */
void *vmap_alloc(size_t bytes);
/* Give it and its frames back. */
void vmap_free(void *memory);

#endif
