/*
 * ref_paging.c - the contract's rules, one after the other.
 */
#include "ref_paging.h"

static bool is_present(uint32_t entry)
{
    return entry % 2 == 1;
}

static bool has_bit(uint32_t entry, unsigned bit)
{
    return entry >> bit & 1;
}

static uint32_t frame_in(uint32_t entry)
{
    return entry / 4096;
}

static struct ref_result fault(bool present, bool is_user, bool is_write)
{
    return (struct ref_result){ .end = REF_PAGE_FAULT, .error = present + 2u * is_write + 4u * is_user };
}

/* "PDE.PS set, or a frame outside RAM: crash at the first access through that entry". */
static bool is_pde_bad(uint32_t pde, uint32_t frame_count)
{
    return has_bit(pde, 7) || frame_in(pde) >= frame_count;
}

uint32_t ref_table(uint32_t pde, uint32_t frame_count)
{
    return is_present(pde) && !is_pde_bad(pde, frame_count) ? frame_in(pde) : UINT32_MAX;
}

struct ref_result ref_judge(uint32_t pde, uint32_t pte, uint32_t frame_count, bool wp, bool is_user, bool is_write)
{
    if (!is_present(pde))
        return fault(false, is_user, is_write);
    if (is_pde_bad(pde, frame_count))
        return (struct ref_result){ .end = REF_CRASH };
    if (!is_present(pte))
        return fault(false, is_user, is_write);

    /* "Effective U and W are PDE AND PTE." */
    bool user = has_bit(pde, 2) && has_bit(pte, 2);
    bool writable = has_bit(pde, 1) && has_bit(pte, 1);
    /* "Kernel sees every present page, user only U pages." */
    if (is_user && !user)
        return fault(true, is_user, is_write);
    /* "wp = 0: guest kernel may write read-only pages, user or not. wp != 0: it may not." */
    if (is_write && !writable && (is_user || wp))
        return fault(true, is_user, is_write);
    /* The access goes through the PTE, at last. */
    if (frame_in(pte) >= frame_count)
        return (struct ref_result){ .end = REF_CRASH };
    return (struct ref_result){ .end = REF_ALLOWED, .frame = frame_in(pte) };
}
