/*
 * tlb.c - INVLPG and CR3, for guest address spaces.
 */
#include "pagetable/tlb.h"

#include "cpu/desc.h"
#include "cpu/insn.h"

void tlb_flush_page(gva_t address)
{
    insn_invlpg((uint64_t)address.v + GUEST_LINEAR_BASE);
}

bool tlb_flush_page_true(gva_t address)
{
    insn_invlpg((uint64_t)address.v + GUEST_LINEAR_BASE);
    return true;
}

void tlb_load_root(hpa_t root)
{
    insn_write_cr3(root.v);
}
