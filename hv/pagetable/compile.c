/*
 * compile.c - guest entry to host entry (PURE); compile.h has the rules.
 */
#include "pagetable/compile.h"

#include "cpu/x86.h"
#include "pagetable/gwalk.h"

#define LEAF_ALWAYS (PTE_P | PTE_A | PTE_D)

uint32_t compile_role(uint32_t pde, uint32_t wp)
{
    if (wp)
        return ROLE_WP;
    return pde & GPTE_W ? ROLE_PDE_W : 0;
}

uint64_t compile_pde(uint32_t pde, uint32_t wp, hpa_t table)
{
    uint64_t rights = pde & (GPTE_U | GPTE_W);

    return table.v | PTE_P | PTE_A | rights | (wp ? 0 : PTE_W);
}

bool compile_is_flip(uint32_t pte, uint32_t role)
{
    return !(role & ROLE_WP) && (pte & GPTE_U) && !((pte & GPTE_W) && (role & ROLE_PDE_W));
}

static bool is_writable(uint32_t pte, uint32_t role)
{
    return role & ROLE_WP ? (pte & GPTE_W) != 0 : !compile_is_flip(pte, role);
}

uint64_t compile_leaf(uint32_t pte, uint32_t role, hpa_t page, bool is_traced)
{
    if (!(pte & GPTE_P))
        return 0;
    return page.v | LEAF_ALWAYS | (pte & GPTE_U) | (is_writable(pte, role) && !is_traced ? PTE_W : 0);
}

uint64_t compile_flipped(hpa_t page)
{
    return page.v | LEAF_ALWAYS | PTE_W;
}
