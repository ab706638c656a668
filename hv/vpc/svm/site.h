/*
 * site.h - where in its code a guest was left before, and what stands there (PURE).
 *
 * SVM tells that an instruction was CPUID, or that one stored to an address, but not how long it is or what it stores
 * (processors with decode assists apart). Who has to look walks the guest's page tables for it. A site remembers one
 * walk: the entries and the bytes that were read, and where they lie. It is good as long as the same values stand
 * there, so that nothing is to be told to it when a guest changes its tables, its code, or what it runs.
 */
#ifndef VPC_SVM_SITE_H
#define VPC_SVM_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "vpc/svm/vmcb.h"
#include "vpc/x86/interp.h"

#define SITES 64u
#define SITE_WORD 8u

/* Pointers are into RAM of the guest, and good until sites_forget. */
struct site {
    uint64_t where;             /* site_where of the first byte */
    const uint32_t *pde, *pte;
    const uint8_t *code;
    uint32_t pde_value, pte_value;
    uint64_t first, last;       /* eight bytes at the most of the instruction; of a longer one its last eight, else
                                   its immediate as the last bytes */
    uint8_t length;
    uint8_t source;             /* of a store: the register that is stored; GPR_NONE: the immediate is */
    uint8_t bytes;              /* of it: 1, 2 or 4 */
};
_Static_assert(sizeof(struct site) == 64 && SITES == 1u << 6, "found by shifts");

/* What of a word belongs to an instruction of so many bytes. */
extern const uint64_t site_masks[INSTRUCTION_MAX_BYTES + 1];

/* At first; and RAM may lie elsewhere from now on, or CR0.PG or CR4.PSE is another. */
void sites_forget(struct site sites[SITES]);

/*
 * The vcpu, which is true, is at an instruction that left the guest: remember it, if it is in 32-bit code, not at a
 * page's end, and of a kind that there is.
 */
void site_learn(struct site sites[SITES], const struct interp *interp);

/* Multiplied, so that no distance of two places is one at which they always meet. */
static inline unsigned site_slot(uint32_t linear)
{
    return linear * 0x9E3779B1u >> 26;
}

static inline uint64_t site_word(const uint8_t *at)
{
    typedef uint64_t __attribute__((aligned(1), may_alias)) loose_t;

    return *(const loose_t *)at;
}

/* A linear address in an address space. */
static inline uint64_t site_where(uint64_t cr3, uint32_t linear)
{
    return cr3 << 32 | linear;
}

/*
 * Where the guest was left. NULL: that is not known. Of a long one site_ends is to be asked, too. What kind it is need
 * not be asked: the bytes are the same, so the instruction is, and the processor has told what it is. Only how wide its
 * operand is depends on the code segment, too (site_is_wide).
 */
static inline const struct site *site_find(const struct site sites[SITES], const struct vmcb *vmcb)
{
    uint32_t linear = (uint32_t)vmcb->segments[SEG_CS].base + (uint32_t)vmcb->rip;
    const struct site *site = &sites[site_slot(linear)];

    if (site->where != site_where(vmcb->cr3, linear) || *site->pde != site->pde_value ||
        *site->pte != site->pte_value || (site_word(site->code) & site_masks[site->length]) != site->first)
        return NULL;
    return site;
}

/* 32-bit code, as it was when the site was learned. */
static inline bool site_is_wide(const struct vmcb *vmcb)
{
    return vmcb->segments[SEG_CS].attributes & ATTR_DB;
}

/* What is longer than a word ends as it did. */
static inline bool site_ends(const struct site *site)
{
    return site->length <= SITE_WORD || site_word(site->code + site->length - SITE_WORD) == site->last;
}

#endif
