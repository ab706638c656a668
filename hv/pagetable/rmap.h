/*
 * rmap.h - the reverse map: which leaves of the shadows map a guest frame writable (PURE).
 *
 * A leaf is named by its shadow table and entry, never by address, so that a stale name is harmless: the entry it names
 * either maps the frame writable, and then it is right, or it does not, and is ignored.
 */
#ifndef PAGETABLE_RMAP_H
#define PAGETABLE_RMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "pagetable/shadow.h"

#define RMAP_ENTRY_BITS 10u     /* 1,024 entries in a guest table */

/* entry of table now maps frame writable; the part for a frame that has two already. */
void rmap_add_another(struct gspace *space, uint32_t frame, uint32_t record);
static inline void rmap_add(struct gspace *space, uint32_t frame, const struct shadow_table *table, uint32_t entry)
{
    uint32_t record = (uint32_t)(table - space->shadows->tables) << RMAP_ENTRY_BITS | entry;
    struct gframe *gframe = &space->frames[frame];
    uint32_t *leaf = gframe->leaf;

    if (leaf[0] == 0 || leaf[0] == record)
        leaf[0] = record;
    else if (leaf[1] == 0 || leaf[1] == record)
        leaf[1] = record;
    else if (!(gframe->flags & GFRAME_MANY))
        rmap_add_another(space, frame, record);
}

/*
 * Take W from every leaf that maps frame, and mark it traced. The caller flushes. False, with nothing changed, when
 * more leaves map it than are recorded: the frame then stays untraced and its shadows unsynced, which is slower, not
 * wrong.
 */
bool rmap_protect(struct gspace *space, uint32_t frame);

#endif
