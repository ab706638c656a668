/*
 * tlb.h - drop cached translations of the address space that is loaded. Unit tests bring their own.
 */
#ifndef PAGETABLE_TLB_H
#define PAGETABLE_TLB_H

#include <stdbool.h>

#include "base/addr.h"

/* One page: INVLPG. SDM vol. 3 "Operations that Invalidate TLBs and Paging-Structure Caches". */
void tlb_flush_page(gva_t address);
/* The same, and true: what a hot function can end with. */
bool tlb_flush_page_true(gva_t address);

/* Everything below 4 GiB: writes CR3 with this root. Nothing of a guest's is global. */
void tlb_load_root(hpa_t root);

#endif
