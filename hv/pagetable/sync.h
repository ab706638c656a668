/*
 * sync.h - make shadows say again what the guest's tables say (PURE).
 */
#ifndef PAGETABLE_SYNC_H
#define PAGETABLE_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/x86.h"
#include "pagetable/compile.h"
#include "pagetable/gwalk.h"
#include "pagetable/rmap.h"
#include "pagetable/shadow.h"

/* The leaf for a guest PTE now; 0 when it is not present, names no RAM, or its frame was not touched yet. */
uint64_t sync_leaf(const struct gspace *space, uint32_t pte, uint32_t role);

/* The leaf for a guest PTE that is present, whose frame is backed and cannot simply be mapped. */
uint64_t sync_guarded_leaf(uint32_t pte, uint32_t role, const struct gframe *gframe);

/* Set a leaf, and record it when it is writable, or of a shared frame. entry: 0..1023. The half must be there. */
static inline void sync_set_leaf(struct gspace *space, struct shadow_table *table, uint32_t entry, uint64_t leaf,
                                 uint32_t pte)
{
    uint64_t *leaves = hpa_to_ptr(table->half[entry / TABLE_ENTRIES]);

    leaves[entry % TABLE_ENTRIES] = leaf;
    if (!(leaf & (PTE_W | COMPILE_SHARED)))
        return;
    if (leaf & PTE_W)
        rmap_add(space, pte >> GPTE_FRAME_SHIFT, table, entry);
    else
        rmap_add_shared(space, pte >> GPTE_FRAME_SHIFT, table, entry);
}

/* The leaf of this entry was made from pte: so says the snapshot, too. */
static inline void sync_note(const struct shadow_table *table, uint32_t entry, uint32_t pte)
{
    if (table->snapshot.v)
        ((uint32_t *)hpa_to_ptr(table->snapshot))[entry] = pte;
}

/*
 * The same for an unsynced table that is about to be linked. One that had many leaves is known from then on, so that
 * the next hv_setpd need only compare.
 */
void sync_linked(struct gspace *space, struct shadow_table *table);

/* Read the guest's directory again: links that no longer agree go, and parents become exact. The caller flushes. */
void sync_directory(struct gspace *space, struct shadow_directory *directory);

/*
 * Some link of the current directory for guest PDE index no longer says what the guest's does, which is pde and leads
 * to table (NULL: to none).
 */
bool sync_is_link_stale(const struct gspace *space, uint32_t index, uint32_t pde, const struct shadow_table *table);

/*
 * What hv_setpd must read again before this directory is loaded; protects what it read. The caller flushes. Reads no
 * more than there is time for in one call: what is left is unlinked, and read when it is touched.
 */
void sync_reachable(struct gspace *space, struct shadow_directory *directory);
/* The time there is, in entries; unit tests set their own. */
extern uint32_t sync_entries_most;

#endif
