/*
 * vmap.h - virtually contiguous memory for the few things larger than a frame.
 */
#ifndef PAGETABLE_VMAP_H
#define PAGETABLE_VMAP_H

#include <stddef.h>

#include "base/addr.h"

#define VMAP_PAGES 65536u       /* 256 MiB of addresses: 1,000 guests of 24 MiB, or 20 of 3 GiB */

/* Make the directory that all roots share, once, after hvmap_init. */
void vmap_init(void);

/*
 * Zeroed, page-aligned memory of at least bytes (> 0); NULL when addresses or frames are out, those of page tables
 * included.
 */
void *vmap_alloc(size_t bytes);
/*
 * Addresses for at least bytes (> 0); each page of them shows the frame shown, read-only, until it gets its own.
 * NULL as above.
 */
void *vmap_reserve(size_t bytes, hpa_t shown);
/* This page of them, which has none, gets a frame of its own, and owns it from now on. */
void vmap_back(void *page, hpa_t frame);
/* Give its frame back: it shows what the others show. */
void vmap_unback(void *page, hpa_t shown);

/* Page tables that map something: who comes first brings one, and who goes last takes it along. Bound: 128 looks. */
unsigned vmap_count_tables(void);

/* Give memory or addresses back, with their own frames. */
void vmap_free(void *memory);

#endif
