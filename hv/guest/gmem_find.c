/*
 * gmem_find.c - guest memory by the guest's own tables, without leaves: for a guest that is not loaded, or must not
 * change while it is looked at (PURE).
 */
#include "guest/gmem_find.h"

#include <stddef.h>

#include "base/string.h"
#include "guest/guest.h"
#include "pagetable/gwalk.h"
#include "pagetable/ram.h"

static const uint32_t *peek_entries(const struct ram *ram, uint32_t frame)
{
    return frame < ram->frame_count ? ram_peek(ram, frame) : NULL;
}

bool gmem_find(const struct guest *guest, gva_t address, gpa_t *physical)
{
    const struct ram *ram = &guest->ram;

    *physical = GPA(address.v);
    if (guest->state.paging.is_on) {
        const uint32_t *directory = peek_entries(ram, guest->state.paging.directory.v >> PAGE_SHIFT);
        uint32_t pde = directory != NULL ? directory[gtable_pde_index(address)] : 0;
        bool has_table = (pde & (GPTE_P | GPDE_PS)) == GPTE_P;
        const uint32_t *table = has_table ? peek_entries(ram, pde >> GPTE_FRAME_SHIFT) : NULL;
        uint32_t pte = table != NULL ? table[gtable_pte_index(address)] : 0;
        if (!(pte & GPTE_P))
            return false;
        *physical = GPA((pte & ~(uint32_t)PAGE_MASK) | (address.v & PAGE_MASK));
    }
    return physical->v < ram->bytes;
}

void gmem_find_read(const struct guest *guest, gpa_t physical, uint8_t *to, uint32_t bytes)
{
    const uint8_t *page = ram_peek(&guest->ram, physical.v >> PAGE_SHIFT);

    if (page != NULL)
        memcpy(to, page + (physical.v & PAGE_MASK), bytes);
    else
        memset(to, 0, bytes);
}

bool gmem_find_copy(const struct guest *guest, gva_t from, uint8_t *to, size_t bytes, gva_t *bad)
{
    gpa_t physical;

    while (bytes > 0) {
        uint32_t left = (uint32_t)PAGE_SIZE - (from.v & PAGE_MASK), piece = bytes < left ? (uint32_t)bytes : left;
        if (from.v > HV_MAX_GVA || !gmem_find(guest, from, &physical)) {
            if (bad != NULL)
                *bad = from;
            return false;
        }
        gmem_find_read(guest, physical, to, piece);
        from = GVA(from.v + piece);
        to += piece;
        bytes -= piece;
    }
    return true;
}
