/*
 * gwalk.h - walk a guest's own two-level page tables, as the contract has them (PURE). Inline: every hidden fault comes
 * by.
 *
 * Source: docs/abi.md "Paging"; SDM vol. 3 "32-Bit Paging". Effective U and W are PDE AND PTE; available bits, A, D,
 * PCD, PWT, G and bit 7 of a PTE are ignored. Assembly (lean_walk.inc) includes the numbers.
 */
#ifndef PAGETABLE_GWALK_H
#define PAGETABLE_GWALK_H

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#endif

/* Entries of guest tables: SDM vol. 3 "Formats of CR3 and Paging-Structure Entries with 32-Bit Paging". */
#define GPTE_P 0x1
#define GPTE_W 0x2
#define GPTE_U 0x4
#define GPDE_PS 0x80
#define GPTE_FRAME_SHIFT 12
#define GTABLE_ENTRIES 1024
#define GTABLE_PDE_SHIFT 22    /* bits of an address above these are the entry of the directory, */
#define GTABLE_PTE_SHIFT 12    /* and between these and those, of the table */

/* How memory is touched: the bits of a #PF error code. */
#define ACCESS_WRITE 0x2
#define ACCESS_USER 0x4

#ifndef __ASSEMBLER__
static inline uint32_t gtable_pde_index(gva_t address)
{
    return address.v >> GTABLE_PDE_SHIFT;
}

static inline uint32_t gtable_pte_index(gva_t address)
{
    return (address.v >> GTABLE_PTE_SHIFT) & (GTABLE_ENTRIES - 1);
}

enum gwalk_verdict {
    GWALK_ALLOWED,
    GWALK_NOT_PRESENT,      /* #PF, error code without P */
    GWALK_DENIED,           /* #PF, error code with P */
    GWALK_PDE_LARGE,        /* PDE.PS is set: no such pages here, the guest ends */
    GWALK_PDE_BEYOND,       /* the PDE names a table outside RAM: the guest ends */
    GWALK_PTE_BEYOND,       /* the PTE names a frame outside RAM, and rights would allow the access: the guest ends */
};

struct gwalk {
    enum gwalk_verdict verdict;
    uint32_t pde, pte;      /* as read; pte is 0 where the walk did not get there */
};

/* What rights say about a present pair of entries. wp != 0: guest kernel must respect read-only pages. */
static inline bool gwalk_allows(uint32_t pde, uint32_t pte, uint32_t wp, uint32_t access)
{
    uint32_t both = pde & pte;

    if (access & ACCESS_USER)
        return (both & GPTE_U) && (!(access & ACCESS_WRITE) || (both & GPTE_W));
    return !(access & ACCESS_WRITE) || wp == 0 || (both & GPTE_W);
}

/*
 * What an access does. directory and table are arrays of 1,024 entries; get_table gives the table frame of a number
 * below frame_count, or NULL for a frame that holds only zeroes so far.
 */
struct gwalk_tables {
    const uint32_t *directory;                                      /* NULL: all zero */
    const uint32_t *(*get_table)(const void *context, uint32_t frame);
    const void *context;
    uint32_t frame_count;                                           /* guest RAM */
    uint32_t wp;
};
static inline struct gwalk gwalk(const struct gwalk_tables *tables, gva_t address, uint32_t access)
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

/* The error code of the guest's #PF, for GWALK_NOT_PRESENT and GWALK_DENIED. */
static inline uint32_t gwalk_error(enum gwalk_verdict verdict, uint32_t access)
{
    return access | (verdict == GWALK_DENIED ? 1u : 0u);
}
#endif

#endif
