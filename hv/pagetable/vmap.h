/*
 * vmap.h - virtually contiguous memory for the few things larger than a frame.
 */
#ifndef PAGETABLE_VMAP_H
#define PAGETABLE_VMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/status.h"

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

/*
 * As vmap_alloc, and it can grow in its place to most bytes (>= bytes), in addresses that are unmapped until then: what
 * is read or written there is a panic.
 */
void *vmap_alloc_growing(size_t bytes, size_t most);
/*
 * Have frames, zeroed, for the first bytes of such an allocation, at most its most; what it had stays as it is. False:
 * memory is out, and it may have got some of them. Bound: the pages.
 */
MUST_CHECK bool vmap_grow(void *memory, size_t bytes);

/* Page tables that map something: who comes first brings one, and who goes last takes it along. Bound: 128 looks. */
unsigned vmap_count_tables(void);

/* Give memory or addresses back, with their own frames. */
void vmap_free(void *memory);

#endif
