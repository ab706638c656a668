/*
 * gwalk.c - what the guest's own page tables say about an access (PURE).
 */
#include "pagetable/gwalk.h"

#include <stddef.h>

bool gwalk_allows(uint32_t pde, uint32_t pte, uint32_t wp, uint32_t access)
{
    uint32_t both = pde & pte;

    if (access & ACCESS_USER)
        return (both & GPTE_U) && (!(access & ACCESS_WRITE) || (both & GPTE_W));
    return !(access & ACCESS_WRITE) || wp == 0 || (both & GPTE_W);
}

struct gwalk gwalk(const struct gwalk_tables *tables, gva_t address, uint32_t access)
{
    struct gwalk walk = { .verdict = GWALK_NOT_PRESENT };

    if (!tables->directory)
        return walk;
    walk.pde = tables->directory[gtable_pde_index(address)];
    if (!(walk.pde & GPTE_P))
        return walk;
    uint32_t table_frame = walk.pde >> GPTE_FRAME_SHIFT;
    if (walk.pde & GPDE_PS || table_frame >= tables->frame_count) {
        walk.verdict = walk.pde & GPDE_PS ? GWALK_PDE_LARGE : GWALK_PDE_BEYOND;
        return walk;
    }
    const uint32_t *table = tables->get_table(tables->context, table_frame);
    if (!table)
        return walk;
    walk.pte = table[gtable_pte_index(address)];
    if (!(walk.pte & GPTE_P))
        return walk;
    if (!gwalk_allows(walk.pde, walk.pte, tables->wp, access))
        walk.verdict = GWALK_DENIED;    /* before the frame is looked at: a refused access goes through no entry */
    else if (walk.pte >> GPTE_FRAME_SHIFT >= tables->frame_count)
        walk.verdict = GWALK_PTE_BEYOND;
    else
        walk.verdict = GWALK_ALLOWED;
    return walk;
}
