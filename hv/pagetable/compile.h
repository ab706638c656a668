/*
 * compile.h - one entry of a guest's page tables becomes one (PTE) or two (PDE) host entries (PURE).
 *
 * Guest kernel runs in ring 1, which paging counts as supervisor, guest user in ring 3; CR0.WP is always on. What the
 * host entries allow is therefore:
 *
 *   wp != 0   exactly what the guest's entries allow: host PDE and PTE carry the guest's U and W.
 *   wp == 0   guest kernel may write everything present. The host PDE always has W, and the PDE's W is folded into the
 *             leaves. A page with PTE.U = 0 is W: user cannot reach it anyway. A page with PTE.U = 1 that user may not
 *             write is a flip page: read-only for both, until a write by the kernel flips it to supervisor + W (hidden
 *             fault), and a touch by user flips it back.
 *
 * A traced frame (it holds guest tables that have a shadow) is never W: the first write is a hidden fault. Nor is one
 * that other guests have, too.
 */
#ifndef PAGETABLE_COMPILE_H
#define PAGETABLE_COMPILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "cpu/x86.h"
#include "pagetable/gwalk.h"

/* The role in which a guest table is used: tables with different roles compile differently. */
#define ROLE_WP 0x1u        /* wp != 0 */
#define ROLE_PDE_W 0x2u     /* wp == 0, and the PDE above has W */

/* The role of the table below this PDE. */
static inline uint32_t compile_role(uint32_t pde, uint32_t wp)
{
    if (wp)
        return ROLE_WP;
    return pde & GPTE_W ? ROLE_PDE_W : 0;
}

/* Host PDE for one half of the table below a present guest PDE. */
static inline uint64_t compile_pde(uint32_t pde, uint32_t wp, hpa_t table)
{
    uint64_t rights = pde & (GPTE_U | GPTE_W);

    return table.v | PTE_P | PTE_A | rights | (wp ? 0 : PTE_W);
}

#define COMPILE_LEAF_ALWAYS (PTE_P | PTE_A | PTE_D)

/* The page is a flip page: wp == 0, user may reach it by its PTE, but not write. */
static inline bool compile_is_flip(uint32_t pte, uint32_t role)
{
    return !(role & ROLE_WP) && (pte & GPTE_U) && !((pte & GPTE_W) && (role & ROLE_PDE_W));
}

/* Its leaf has W, unless the frame is traced. */
static inline bool compile_is_writable(uint32_t pte, uint32_t role)
{
    return role & ROLE_WP ? (pte & GPTE_W) != 0 : !compile_is_flip(pte, role);
}

/*
 * Host leaf for a guest PTE whose frame is backed by host frame page; 0 if the PTE is not present.
 * A and D are set from the start, so that a leaf changes only when the hypervisor changes it.
 */
static inline uint64_t compile_leaf(uint32_t pte, uint32_t role, hpa_t page, bool is_traced)
{
    if (!(pte & GPTE_P))
        return 0;
    return page.v | COMPILE_LEAF_ALWAYS | (pte & GPTE_U) | (compile_is_writable(pte, role) && !is_traced ? PTE_W : 0);
}

/* In a leaf that maps a shared frame (ram.h), which is never W: a bit that the processor ignores. */
#define COMPILE_SHARED (1ull << 9)

/* A flip page's leaf while the kernel may write and user must fault. Never for a traced frame. */
static inline uint64_t compile_flipped(hpa_t page)
{
    return page.v | COMPILE_LEAF_ALWAYS | PTE_W;
}

#endif
