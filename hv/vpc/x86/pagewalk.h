/*
 * pagewalk.h - a virtual PC's page tables, walked as its processor would: two levels, 4 KiB and 4 MiB pages (PURE).
 *
 * Source: SDM vol. 3 "32-Bit Paging", "Determination of Access Rights", "Accessed and Dirty Flags". No PAE, and no
 * PSE-36: bits 13-21 of an entry for 4 MiB are reserved.
 */
#ifndef VPC_X86_PAGEWALK_H
#define VPC_X86_PAGEWALK_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/x86/interp.h"

#define PDE_LARGE 0x80u
#define PDE_LARGE_RESERVED 0x003FE000u

struct pagewalk {
    gpa_t page;                 /* of 4 KiB */
    bool may_write;             /* also later, without another walk: rights allow it, and D is set */
    uint32_t error;             /* of the #PF, when it failed */
    /* What a walk that succeeded went by, as it left it. NULL: not paging, or not in RAM. */
    const void *pde_at, *pte_at;        /* in the host; the same for a page of 4 MiB */
    uint32_t pde, pte;
};

/*
 * Translate a linear address for one access and set A and, for a write, D. A failed walk changes nothing. Without
 * paging every address is its own, and may be written.
 */
bool pagewalk(struct interp *interp, uint32_t linear, bool is_write, bool is_user, struct pagewalk *walk);

#endif
