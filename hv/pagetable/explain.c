/*
 * explain.c - what a guest's page tables say about an address, for its author (PURE).
 */
#include <stddef.h>

#include "base/format.h"
#include "base/string.h"
#include "cpu/x86.h"
#include "pagetable/gspace.h"
#include "pagetable/gwalk.h"
#include "pagetable/host_table.h"

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

struct gspace_entry gspace_look(const struct gspace *space, gva_t address)
{
    struct gspace_entry entry = { .found = GSPACE_BEYOND_SEGMENT };

    if (address.v > gspace_max_gva(space))
        return entry;
    if (!space->paging->is_on) {
        entry.found = address.v < space->ram->bytes ? GSPACE_RAM : GSPACE_BEYOND_RAM;
        return entry;
    }
    const uint32_t *directory = ram_peek(space->ram, space->paging->directory.v >> PAGE_SHIFT);
    uint32_t pde = entry.pde = directory ? directory[gtable_pde_index(address)] : 0;
    if (!(pde & GPTE_P) || pde & GPDE_PS || pde >> GPTE_FRAME_SHIFT >= space->ram->frame_count) {
        entry.found = !(pde & GPTE_P) ? GSPACE_NO_TABLE : pde & GPDE_PS ? GSPACE_LARGE_PAGE : GSPACE_BAD_TABLE;
        return entry;
    }
    const uint32_t *table = ram_peek(space->ram, pde >> GPTE_FRAME_SHIFT);
    uint32_t pte = entry.pte = table ? table[gtable_pte_index(address)] : 0;
    entry.found = !(pte & GPTE_P)                                      ? GSPACE_NO_PAGE
                  : pte >> GPTE_FRAME_SHIFT >= space->ram->frame_count ? GSPACE_BAD_PAGE
                                                                       : GSPACE_PAGE;
    return entry;
}

void gspace_look_host(const struct gspace *space, gva_t address, uint64_t entries[GSPACE_LEVELS])
{
    const uint64_t *table = hpa_to_ptr(space->root);
    uint64_t linear = gspace_linear(space, address);

    for (unsigned level = GSPACE_LEVELS; level > 0; level--) {
        uint64_t entry = entries[level - 1] = table != NULL ? table[table_index(linear, level)] : 0;
        table = entry & PTE_P ? table_of(entry) : NULL;
    }
}

void gspace_explain(const struct gspace *space, gva_t address, char *text, uint32_t text_bytes)
{
    static const char *const faults[] = {
        [GSPACE_NO_TABLE] = "not present",
        [GSPACE_LARGE_PAGE] = "has PS set, and 4 MiB pages do not exist here",
        [GSPACE_BAD_TABLE] = "names a page table outside RAM",
        [GSPACE_NO_PAGE] = "not present",
        [GSPACE_BAD_PAGE] = "names a frame outside RAM",
    };
    struct gspace_entry entry = gspace_look(space, address);

    if (entry.found == GSPACE_BEYOND_SEGMENT) {
        format_string(text, text_bytes, "0x%08x lies beyond the segment limit 0x%08x", address.v,
                      gspace_max_gva(space));
        return;
    }
    if (entry.found == GSPACE_RAM || entry.found == GSPACE_BEYOND_RAM) {
        explain_boot(space, address, text, text_bytes);
        return;
    }
    format_string(text, text_bytes, "directory 0x%08x, wp %u, PDE[0x%03x] 0x%08x ", space->paging->directory.v,
                  space->paging->wp, gtable_pde_index(address), entry.pde);
    uint32_t used = (uint32_t)strlen(text);
    if (entry.found < GSPACE_NO_PAGE)
        format_string(text + used, text_bytes - used, "%s", faults[entry.found]);
    else
        format_string(text + used, text_bytes - used, "PTE[0x%03x] 0x%08x %s", gtable_pte_index(address), entry.pte,
                      entry.found == GSPACE_PAGE ? rights_name(entry.pde & entry.pte) : faults[entry.found]);
}
