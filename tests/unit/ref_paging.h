/*
 * ref_paging.h - what the guest contract says an access does, written from the contract's section "Paging" alone.
 */
#ifndef REF_PAGING_H
#define REF_PAGING_H

#include <stdbool.h>
#include <stdint.h>

enum ref_end { REF_ALLOWED, REF_PAGE_FAULT, REF_CRASH };
struct ref_result {
    enum ref_end end;
    uint32_t frame;     /* REF_ALLOWED */
    uint32_t error;     /* REF_PAGE_FAULT: bit 0 the entry is present, bit 1 a write, bit 2 guest user */
};

/* The frame of the page table that a PDE names; UINT32_MAX: the walk does not get so far, and no PTE counts. */
uint32_t ref_table(uint32_t pde, uint32_t frame_count);

/* An access through this PDE and PTE. */
struct ref_result ref_judge(uint32_t pde, uint32_t pte, uint32_t frame_count, bool wp, bool is_user, bool is_write);

#endif
