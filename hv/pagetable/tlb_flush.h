/*
 * tlb_flush.h - drop cached translations of the address space that is loaded. Unit tests bring their own.
 */
#ifndef PAGETABLE_TLB_FLUSH_H
#define PAGETABLE_TLB_FLUSH_H

#include <stdbool.h>

#include "base/addr.h"

/*
 * The page of a linear address below 4 GiB: INVLPG. SDM vol. 3 "Operations that Invalidate TLBs and Paging-Structure
 * Caches".
 */
void tlb_flush_page(uint64_t linear);
/* The same, and true: what a hot function can end with. */
bool tlb_flush_page_true(uint64_t linear);

/* Everything below 4 GiB: writes CR3 with this root. Nothing of a guest's is global. */
void tlb_load_root(hpa_t root);

#endif
