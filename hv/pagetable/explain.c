/*
 * explain.c - what a guest's page tables say about an address, for its author (PURE).
 */
#include <stddef.h>

#include "base/format.h"
#include "base/string.h"
#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"

static const char *rights_name(uint32_t rights)
{
    static const char *const names[] = {
        "kernel, read-only", "kernel, writable", "user, read-only", "user, writable",
    };
    return names[(rights & GPTE_U ? 2 : 0) + (rights & GPTE_W ? 1 : 0)];
}

static void explain_boot(const struct gspace *space, gva_t address, char *text, uint32_t text_bytes)
{
    const char *verdict = address.v < space->ram->bytes ? "lies inside it and is readable and writable"
                                                          : "lies beyond it: not present";
    format_string(text, text_bytes, "paging is off: RAM is 0x00000000..0x%08x, 0x%08x %s", space->ram->bytes - 1,
                  address.v, verdict);
}

/* The words after "PDE[n] 0x...": what is wrong with the PDE, or NULL. */
static const char *pde_fault(const struct gspace *space, uint32_t pde)
{
    if (!(pde & GPTE_P))
        return "not present";
    if (pde & GPDE_PS)
        return "has PS set, and 4 MiB pages do not exist here";
    return pde >> GPTE_FRAME_SHIFT >= space->ram->frame_count ? "names a page table outside RAM" : NULL;
}

void gspace_explain(const struct gspace *space, gva_t address, char *text, uint32_t text_bytes)
{
    if (address.v > gspace_max_gva(space)) {
        format_string(text, text_bytes, "0x%08x lies beyond the segment limit 0x%08x", address.v,
                      gspace_max_gva(space));
        return;
    }
    if (!space->paging->is_on) {
        explain_boot(space, address, text, text_bytes);
        return;
    }
    const uint32_t *directory = ram_peek(space->ram, space->paging->directory.v >> PAGE_SHIFT);
    uint32_t pde = directory ? directory[gtable_pde_index(address)] : 0;
    const char *fault = pde_fault(space, pde);
    format_string(text, text_bytes, "directory 0x%08x, wp %u, PDE[0x%03x] 0x%08x ", space->paging->directory.v,
                  space->paging->wp, gtable_pde_index(address), pde);
    uint32_t used = (uint32_t)strlen(text);
    if (fault) {
        format_string(text + used, text_bytes - used, "%s", fault);
        return;
    }
    const uint32_t *table = ram_peek(space->ram, pde >> GPTE_FRAME_SHIFT);
    uint32_t pte = table ? table[gtable_pte_index(address)] : 0;
    format_string(text + used, text_bytes - used, "PTE[0x%03x] 0x%08x %s", gtable_pte_index(address), pte,
                  !(pte & GPTE_P)                                    ? "not present"
                  : pte >> GPTE_FRAME_SHIFT >= space->ram->frame_count ? "names a frame outside RAM"
                                                                     : rights_name(pde & pte));
}
