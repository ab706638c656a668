/*
 * tlb_flush.c - INVLPG and CR3, for guest address spaces.
 */
#include "pagetable/tlb_flush.h"

#include "cpu/insn.h"

void tlb_flush_page(uint64_t linear)
{
    insn_invlpg(linear);
}

bool tlb_flush_page_true(uint64_t linear)
{
    insn_invlpg(linear);
    return true;
}

void tlb_load_root(hpa_t root)
{
    insn_write_cr3(root.v);
}
